// The merchant's certificate and keys, proven when the bot starts: whose, until when, and one another's; and a file that is no
// PEM is named itself, with what to do about it.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Config, loadConfig } from '../../src/config/config.ts';
import { BadInput } from '../../src/core/base/error.ts';
import { endingSoon } from '../../src/core/base/expiry.ts';
import { DAY, type Instant, instant, later } from '../../src/core/base/time.ts';
import { sayEndings } from '../../src/engine/jobs.ts';
import { ACCOUNT, ENV } from '../support/harness.ts';
import { caPem, issue, keyNo, packed, pkcs8 } from '../support/issue.ts';

const NOW = instant(Date.parse('2026-11-29T12:00:00Z'));
const MCH = '1900000109';

let folder: string;
let merchant: ReturnType<typeof issue>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-certificates-'));
  merchant = issue();
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  put('apiclient_cert.pem', merchant.certPem);
  put('apiclient_key.pem', merchant.keyPem);
  put('pub_key.pem', other.export({ type: 'spki', format: 'pem' }).toString());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, content: string | Buffer): void {
  writeFileSync(join(folder, name), content);
}

const PAIR = ['certificate: apiclient_cert.pem', 'privateKey: apiclient_key.pem'];
const TRANSFER = (serial: string): string[] => [
  'channel: transfer',
  'apiV3Key: 0123456789abcdef0123456789ABCDEF',
  `serialNo: ${serial}`,
  'publicKeyId: PUB_KEY_ID_0119000001092026021000000000000001',
  'publicKey: pub_key.pem',
];

function load(lines: readonly string[] = PAIR, now: Instant | undefined = NOW): Config {
  const file = join(folder, 'bot.yaml');
  writeFileSync(
    file,
    `publicUrl: http://127.0.0.1:3000
secret: \${TEST_SECRET}
accounts:
  tea:
    appId: ${ACCOUNT.appId}
    appSecret: ${ACCOUNT.appSecret}
    token: ${ACCOUNT.token}
    encodingAesKey: ${ACCOUNT.encodingAesKey}
    merchant: shop
merchants:
  shop:
    mchId: "${MCH}"
    apiV2Key: 0123456789abcdef0123456789ABCDEF
${lines.map(line => `    ${line}\n`).join('')}`,
  );
  return loadConfig(file, ENV, now);
}

/** What `load` says; the lines begin with 14, in column 5. */
function refusal(lines: readonly string[], now?: Instant): string {
  try {
    load(lines, now);
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    const { findings, message } = error;
    expect(findings).toHaveLength(1);
    // Nothing of a key is ever repeated.
    expect(message).not.toMatch(/MII[A-Za-z0-9+/]{8}/);
    return `${findings[0]!.line}:${findings[0]!.column}: ${findings[0]!.message}`;
  }
  return 'it was taken';
}

const openssl = (args: string[], input?: string | Buffer): Buffer =>
  execFileSync('openssl', args, { input, cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] });
const base64 = (pem: string): string => pem.replace(/-----[^-]+-----|\s/g, '');
const der = (pem: string): Buffer => Buffer.from(base64(pem), 'base64');

describe('whose a certificate is', () => {
  test('the merchant’s own pair, its p12, and both channels are taken', () => {
    expect(load().merchants.get('shop')).toMatchObject({ mchId: MCH, channel: 'redpack' });
    put('apiclient_cert.p12', packed(merchant.certPem, merchant.keyPem, MCH));
    expect(load(['pfx: apiclient_cert.p12']).dated).toEqual([
      { merchant: 'shop', key: 'pfx', file: 'apiclient_cert.p12', serial: merchant.serial, until: expect.any(Number) },
    ]);
    expect(load([...PAIR, ...TRANSFER(`00${merchant.serial.toLowerCase()}`)]).merchants.get('shop')).toMatchObject({
      channel: 'transfer',
    });
    expect(load(['privateKey: apiclient_key.pem', ...TRANSFER(merchant.serial)]).dated).toEqual([]);
  });

  test.each<[string, () => readonly string[], RegExp]>([
    [
      'another merchant’s',
      () => {
        put('x.pem', issue({ cn: '1900000110' }).certPem);
        return ['certificate: x.pem', 'privateKey: apiclient_key.pem'];
      },
      /^14:18: x\.pem is the certificate of the merchant 1900000110, and mchId is 1900000109; take the file of 1900000109/,
    ],
    [
      'another merchant’s p12 under this one’s number',
      () => {
        const { certPem, keyPem } = issue({ cn: '1900000110' });
        put('x.p12', packed(certPem, keyPem, MCH));
        return ['pfx: x.p12'];
      },
      /^14:10: x\.p12 is the certificate of the merchant 1900000110/,
    ],
    [
      'another merchant’s p12, locked with its number',
      () => {
        const { certPem, keyPem } = issue({ cn: '1900000110' });
        put('x.p12', packed(certPem, keyPem, '1900000110'));
        return ['pfx: x.p12'];
      },
      /^14:10: x\.p12 cannot be used \(mac verify failure\): its password must be the merchant number, here 1900000109; it is another merchant's file/,
    ],
    [
      'one that has expired',
      () => {
        put('x.pem', issue({ until: new Date('2026-11-29T11:59:59Z') }).certPem);
        return ['certificate: x.pem', 'privateKey: apiclient_key.pem'];
      },
      /^14:18: x\.pem has expired \(2026-11-29 19:59:59\); get a new one/,
    ],
    [
      'a p12 that has expired',
      () => {
        const { certPem, keyPem } = issue({ until: new Date('2021-01-01T00:00:00Z') });
        put('x.p12', packed(certPem, keyPem, MCH));
        return ['pfx: x.p12'];
      },
      /^14:10: x\.p12 has expired \(2021-01-01/,
    ],
    [
      'one that is not valid yet',
      () => {
        put('x.pem', issue({ from: new Date('2026-12-01T00:00:00Z') }).certPem);
        return ['certificate: x.pem', 'privateKey: apiclient_key.pem'];
      },
      /^14:18: x\.pem is not valid before 2026-12-01 08:00:00; mind the clock/,
    ],
    [
      'the issuer’s before the own one',
      () => {
        put('x.pem', caPem() + merchant.certPem);
        return ['certificate: x.pem', 'privateKey: apiclient_key.pem'];
      },
      /^14:18: x\.pem begins with a certificate of who issued it; put the merchant's own one first/,
    ],
    [
      'the issuer’s alone',
      () => {
        put('x.pem', caPem());
        return ['certificate: x.pem', 'privateKey: apiclient_key.pem'];
      },
      /^14:18: x\.pem is the certificate of an issuer \(CA\), not the merchant's; expected/,
    ],
    [
      'WeChat Pay’s own',
      () => {
        put('x.pem', issue({ cn: 'Tenpay.com sign', key: keyNo(2) }).certPem);
        return ['certificate: x.pem', 'privateKey: apiclient_key.pem'];
      },
      /^14:18: x\.pem is WeChat Pay's own certificate \(平台证书\), which belongs under platformKeys/,
    ],
    [
      'a web server’s',
      () => {
        put('x.pem', issue({ cn: 'shop.example.com' }).certPem);
        return ['certificate: x.pem', 'privateKey: apiclient_key.pem'];
      },
      /^14:18: x\.pem is not a certificate of the merchant 1900000109/,
    ],
    [
      'a key that is another certificate’s',
      () => {
        put('x.pem', pkcs8(keyNo(2)));
        return ['certificate: apiclient_cert.pem', 'privateKey: x.pem'];
      },
      /^15:17: x\.pem is the private key of another certificate than apiclient_cert\.pem/,
    ],
    [
      'the serial number of another certificate',
      () => [...PAIR, ...TRANSFER('5157F09EFDC096DE15EBE81A47057A7232F1B8E2')],
      /^18:15: serialNo 5157F09E\w+ is that of another certificate than apiclient_cert\.pem; write 5157F09EFDC096DE15EBE81A47057A7232F1B8E1$/,
    ],
    [
      'the serial number as a decimal',
      () => [...PAIR, ...TRANSFER(String(BigInt(`0x${merchant.serial}`)))],
      /^18:15: expected the serial number of the merchant's certificate, hex: openssl .*; this has 48 characters/,
    ],
    [
      'the key of a curve',
      () => {
        put('x.pem', pkcs8(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey));
        return ['certificate: apiclient_cert.pem', 'privateKey: x.pem'];
      },
      /^15:17: x\.pem holds no RSA key/,
    ],
    [
      'one’s own certificate as WeChat Pay’s key',
      () => [
        ...PAIR,
        'apiV3Key: 0123456789abcdef0123456789ABCDEF',
        'publicKeyId: PUB_KEY_ID_01',
        'publicKey: apiclient_cert.pem',
      ],
      /^18:16: apiclient_cert\.pem is the merchant's own certificate/,
    ],
    [
      'one’s own key as WeChat Pay’s',
      () => [...PAIR, 'publicKeyId: PUB_KEY_ID_01', 'publicKey: apiclient_key.pem'],
      /^17:16: apiclient_key\.pem is a private key; expected WeChat Pay's public key/,
    ],
    [
      'a key where the CA’s certificate should be',
      () => [...PAIR, 'ca: pub_key.pem'],
      /^16:9: pub_key\.pem is a public key; expected/,
    ],
  ])('%s is refused, with its place and the fix', (_, lines, reason) => {
    expect(refusal(lines())).toMatch(reason);
  });

  test('where no clock is given no date is judged, so that commands can look at what has expired', () => {
    put('old.pem', issue({ until: new Date('2021-01-01T00:00:00Z') }).certPem);
    const old = ['certificate: old.pem', 'privateKey: apiclient_key.pem'];
    expect(refusal(old, NOW)).toMatch(/has expired/);
    expect(loadConfig(join(folder, 'bot.yaml'), ENV).dated).toMatchObject([{ file: 'old.pem' }]);
  });
});

describe('a file that is no PEM', () => {
  const KEY = 'certificate: apiclient_cert.pem';
  const key = (content: string | Buffer) => (): readonly string[] => {
    put('bad.pem', content);
    return [KEY, 'privateKey: bad.pem'];
  };
  const cert = (content: string | Buffer) => (): readonly string[] => {
    put('bad.pem', content);
    return ['certificate: bad.pem', 'privateKey: apiclient_key.pem'];
  };

  test.each<[string, () => readonly string[], RegExp]>([
    ['an empty certificate', cert(''), /^14:18: .*bad\.pem is empty; put the file there anew/],
    ['a key of blanks and line breaks', key(' \n\n'), /^15:17: .*bad\.pem is empty; put the file there anew/],
    [
      'an empty p12',
      () => {
        put('bad.p12', '');
        return ['pfx: bad.p12'];
      },
      /^14:10: .*bad\.p12 is empty/,
    ],
    [
      'a key without BEGIN and END',
      () => key(base64(merchant.keyPem))(),
      /^15:17: bad\.pem is a private key without its first and last line; add -----BEGIN PRIVATE KEY----- before it and -----END PRIVATE KEY----- after it/,
    ],
    [
      'an old key (PKCS#1) without BEGIN and END',
      () => key(base64(keyNo(1).export({ type: 'pkcs1', format: 'pem' }).toString()))(),
      /add -----BEGIN RSA PRIVATE KEY----- before it/,
    ],
    [
      'a certificate without BEGIN and END',
      () => cert(base64(merchant.certPem))(),
      /^14:18: bad\.pem is a certificate without its first and last line; add -----BEGIN CERTIFICATE-----/,
    ],
    [
      'a key without its BEGIN line alone',
      () => key(merchant.keyPem.replace(/^.*\n/, ''))(),
      /is a private key without its first and last line/,
    ],
    [
      'a key with \\n written out',
      () => key(merchant.keyPem.replaceAll('\n', '\\n'))(),
      /^15:17: bad\.pem has \\n written out where its lines should end: sed -i/,
    ],
    [
      'a key on one line',
      () => key(merchant.keyPem.replaceAll('\n', ''))(),
      /^15:17: bad\.pem is all on one line; it needs its line breaks: sed/,
    ],
    [
      'a certificate on one line, with blanks',
      () => cert(merchant.certPem.replace(/\r?\n/g, ' '))(),
      /^14:18: bad\.pem is all on one line/,
    ],
    [
      'a key in UTF-16',
      () => key(Buffer.from(`\uFEFF${merchant.keyPem}`, 'utf16le'))(),
      /^15:17: bad\.pem is saved as UTF-16; save it as UTF-8: iconv/,
    ],
    ['a page', key('<!DOCTYPE html><title>404</title>'), /^15:17: bad\.pem is a page/],
    ['words', key('hello'), /^15:17: bad\.pem is no PEM file: it has no line -----BEGIN/],
    [
      'a key with other hyphens',
      () => key(merchant.keyPem.replaceAll('-----', '—'))(),
      /^15:17: bad\.pem has no line like -----BEGIN PRIVATE KEY-----, with five hyphens/,
    ],
    ['a key that is cut off', () => key(merchant.keyPem.slice(0, 400))(), /^15:17: bad\.pem is cut off/],
    [
      'a key that is damaged',
      () => key(merchant.keyPem.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA'))(),
      /^15:17: bad\.pem cannot be used \(.*\); download it anew, it is damaged/,
    ],
    [
      'a certificate that is damaged',
      () => cert(merchant.certPem.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA'))(),
      /^14:18: bad\.pem cannot be used \(.*\); download it anew, it is damaged/,
    ],
    [
      'a key with a password',
      () => key(keyNo(1).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString())(),
      /^15:17: bad\.pem is locked with a password; unlock it: openssl pkey -in bad\.pem -out/,
    ],
    [
      'an old key with a password',
      () => key(keyNo(1).export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString())(),
      /is locked with a password/,
    ],
    [
      'a certificate in DER',
      () => cert(der(merchant.certPem))(),
      /^14:18: bad\.pem is a certificate in binary form \(DER\); make it PEM: openssl x509 -inform der -in bad\.pem -out apiclient_cert\.pem/,
    ],
    [
      'a key in DER',
      () => key(der(merchant.keyPem))(),
      /^15:17: bad\.pem is a private key in binary form \(DER\); make it PEM: openssl pkey -inform der/,
    ],
    [
      'a p12 as the certificate',
      () => cert(packed(merchant.certPem, merchant.keyPem, MCH))(),
      /^14:18: bad\.pem is a PKCS#12 file; name it under `pfx:`/,
    ],
    [
      'the key as the certificate',
      () => cert(merchant.keyPem)(),
      /^14:18: bad\.pem is a private key; expected the merchant's certificate \(apiclient_cert\.pem\)/,
    ],
    [
      'the certificate as the key',
      () => key(merchant.certPem)(),
      /^15:17: bad\.pem is a certificate; expected the merchant's private key \(apiclient_key\.pem\)/,
    ],
    [
      'a request as the certificate',
      cert('-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n'),
      /^14:18: bad\.pem is a request for a certificate \(CSR\)/,
    ],
    [
      'a PEM file as the p12',
      () => {
        put('bad.p12', merchant.certPem);
        return ['pfx: bad.p12'];
      },
      /^14:10: bad\.p12 is a PEM file \(a certificate\); name it under `certificate:`/,
    ],
    [
      'a p12 that is cut off',
      () => {
        put('bad.p12', packed(merchant.certPem, merchant.keyPem, MCH).subarray(0, 900));
        return ['pfx: bad.p12'];
      },
      /^14:10: bad\.p12 cannot be used \(.*\): it is damaged, or no PKCS#12 file; download apiclient_cert\.p12 anew/,
    ],
    [
      'a certificate as the p12',
      () => {
        put('bad.p12', der(merchant.certPem));
        return ['pfx: bad.p12'];
      },
      /^14:10: bad\.p12 cannot be used/,
    ],
    [
      'a p12 without a key',
      () => {
        put('only.pem', merchant.certPem);
        put('bad.p12', openssl(['pkcs12', '-export', '-nokeys', '-in', 'only.pem', '-passout', `pass:${MCH}`]));
        return ['pfx: bad.p12'];
      },
      /^14:10: bad\.p12 cannot be used .*: it holds no private key/,
    ],
    [
      'WeChat Pay’s key without BEGIN',
      () => {
        put('bad.pem', base64(readFileSync(join(folder, 'pub_key.pem'), 'utf8')));
        return [...PAIR, 'publicKeyId: PUB_KEY_ID_01', 'publicKey: bad.pem'];
      },
      /^17:16: bad\.pem is a public key without its first and last line; add -----BEGIN PUBLIC KEY-----/,
    ],
  ])('%s is named itself, with the right fix', (_, lines, reason) => {
    expect(refusal(lines())).toMatch(reason);
  });

  test('a byte order mark, line ends of Windows and of old Macs, words around it: are read as they are meant', () => {
    for (const change of [
      (pem: string) => `\uFEFF${pem}`,
      (pem: string) => pem.replace(/\r?\n/g, '\r\n'),
      (pem: string) => `\uFEFF${pem.replace(/\r?\n/g, '\r')}`,
      (pem: string) => `Bag Attributes\n    localKeyID: 01\n${pem}\n\n`,
    ]) {
      put('cert.pem', change(merchant.certPem));
      put('key.pem', change(keyNo(1).export({ type: 'pkcs1', format: 'pem' }).toString()));
      expect(refusal(['certificate: cert.pem', 'privateKey: key.pem'])).toBe('it was taken');
    }
  });

  test('the commands that are told for a key on one line, and for \\n written out, mend it', () => {
    for (const broken of [
      merchant.keyPem.replaceAll('\n', ''),
      merchant.keyPem.replaceAll('\n', ' '),
      merchant.keyPem.replaceAll('\n', '\\n'),
    ]) {
      put('bad.pem', broken);
      const said = refusal([KEY, 'privateKey: bad.pem']);
      const mend = /: (sed .*)$/.exec(said)![1]!;
      execFileSync('sh', ['-c', mend], { cwd: folder });
      const file = mend.includes('NEW.pem') ? 'NEW.pem' : 'bad.pem';
      expect(refusal([KEY, `privateKey: ${file}`])).toBe('it was taken');
    }
  });
});

describe('an end that is near', () => {
  const at = (days: number): Instant => later(NOW, days * DAY);
  const dated = (days: number) =>
    ({ merchant: 'shop', key: 'certificate', file: 'a.pem', serial: 'AB', until: at(days) }) as const;

  test('is said thirty days before, the nearest first, and as a call from a week before', () => {
    const said: string[] = [];
    const at = (level: string) => (_: object, text: string) => void said.push(`${level}: ${text}`);
    const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
    const all = [dated(40), dated(29.5), dated(3.5), dated(0.5), dated(-1.5)];
    sayEndings({ dated: all, clock: () => NOW, log });
    expect(said.map(text => text.replace(/ \(.*/s, ''))).toEqual([
      'error: merchant "shop": certificate a.pem has expired',
      'error: merchant "shop": certificate a.pem expires within a day',
      'error: merchant "shop": certificate a.pem expires in 3 days',
      'warn: merchant "shop": certificate a.pem expires in 29 days',
    ]);
    expect(endingSoon([dated(40)], NOW)).toEqual([]);
  });

  test('a platform certificate in bot.yaml and what is trusted besides have their ends as well', () => {
    put(
      'platform.pem',
      issue({ cn: 'Tenpay.com sign', key: keyNo(2), serial: '77AA', until: new Date('2026-12-09T12:00:00Z') }).certPem,
    );
    put('ca.pem', caPem());
    const { dated } = load([...PAIR, 'platformKeys: [{ certificate: platform.pem }]', 'ca: ca.pem']);
    expect(dated!.map(({ key, file }) => [key, file])).toEqual([
      ['certificate', 'apiclient_cert.pem'],
      ['ca', 'ca.pem'],
      ['platformKeys', 'platform.pem'],
    ]);
    expect(endingSoon(dated!, NOW)).toMatchObject([{ file: 'platform.pem', daysLeft: 10, serial: '77AA' }]);
    expect(new X509Certificate(merchant.certPem).subject).toBe(`CN=${MCH}`);
  });
});
