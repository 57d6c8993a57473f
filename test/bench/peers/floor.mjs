// Floors: what the machine itself takes. `bare`: node:http reads a body and answers the same bytes. `crypto`: besides, the hashes
// and ciphers of one push and one reply, and nothing is read of what they hold. `insert`: besides, one row in SQLite (WAL, FULL), as
// many in a transaction as came together.
import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

const { kind, mode, token, appid, encodingAESKey, file } = JSON.parse(process.argv[2]);
const key = Buffer.from(`${encodingAESKey}=`, 'base64');
const iv = key.subarray(0, 16);
const REPLY =
  '<xml><ToUserName><![CDATA[oBench]]></ToUserName><FromUserName><![CDATA[gh_0a1b2c3d4e5f]]></FromUserName><CreateTime>1770000000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[回复「红包」试试]]></Content></xml>';
const reply = Buffer.from(REPLY);
const sha1 = (...parts) => hash('sha1', parts.sort().join(''));

function sealed() {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(reply.length);
  const text = Buffer.concat([randomBytes(16), size, reply, Buffer.from(appid)]);
  const pad = 32 - (text.length % 32);
  const cipher = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  return cipher.update(Buffer.concat([text, Buffer.alloc(pad, pad)]), undefined, 'base64') + cipher.final('base64');
}

function withCrypto(url, body) {
  const query = new URLSearchParams(url.slice(url.indexOf('?') + 1));
  const [timestamp, nonce] = [query.get('timestamp'), query.get('nonce')];
  if (sha1(token, timestamp, nonce) !== query.get('signature')) return undefined;
  if (mode !== 'safe') return REPLY;
  const text = body.toString('latin1');
  const from = text.indexOf('<Encrypt><![CDATA[') + 18;
  const secret = text.slice(from, text.indexOf(']]>', from));
  if (sha1(token, timestamp, nonce, secret) !== query.get('msg_signature')) return undefined;
  const decipher = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  decipher.update(secret, 'base64', 'utf8');
  decipher.final('utf8');
  const answer = sealed();
  const signature = sha1(token, timestamp, nonce, answer);
  return `<xml><Encrypt><![CDATA[${answer}]]></Encrypt><MsgSignature><![CDATA[${signature}]]></MsgSignature><TimeStamp>${timestamp}</TimeStamp><Nonce><![CDATA[${nonce}]]></Nonce></xml>`;
}

let write = (_, then) => then();
if (kind === 'insert') {
  const { DatabaseSync } = await import('@photostructure/sqlite');
  const db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  db.exec('CREATE TABLE IF NOT EXISTS bare (key TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID');
  const insert = db.prepare('INSERT INTO bare (key, text) VALUES (?, ?)');
  let waiting = [];
  const commit = () => {
    const these = waiting;
    waiting = [];
    db.exec('BEGIN IMMEDIATE');
    for (const { id, text } of these) insert.run(id, text);
    db.exec('COMMIT');
    for (const { then } of these) then();
  };
  write = (body, then) => {
    if (waiting.push({ id: randomBytes(16).toString('hex'), text: body.toString(), then }) === 1) setImmediate(commit);
  };
}

const server = createServer((req, res) => {
  const chunks = [];
  req.on('data', chunk => chunks.push(chunk));
  req.on('end', () => {
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    const answer = kind === 'bare' ? REPLY : withCrypto(req.url, body);
    write(body, () => {
      res.writeHead(answer === undefined ? 401 : 200, { 'content-type': 'text/xml; charset=utf-8' });
      res.end(answer);
    });
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
