// The peer: node-easywechat on node:http, as its README shows it. It says what it hears.
import { createServer } from 'node:http';
import { OfficialAccount, ServerRequest } from 'node-easywechat';

const { token, appid, encodingAESKey, mode } = JSON.parse(process.argv[2]);
const config = { app_id: appid, secret: 'none', token, ...(mode === 'safe' && { aes_key: encodingAESKey }) };

const server = createServer(async (req, res) => {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  const app = new OfficialAccount(config);
  app.setRequest(await ServerRequest.createFromIncomingMessage(req, Buffer.concat(chunks).toString()));
  const answered = app.getServer();
  answered.with(async message => message.Content || message.Event);
  const response = await answered.serve();
  res.writeHead(response.getStatusCode(), response.getHeaders());
  res.end(response.getBody().toString());
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
