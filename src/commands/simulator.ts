// `hongbao simulator`: a WeChat of one's own, for any bot and any SDK. Prints what a bot must be told to use it.

import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BadInput, codeOf, messageOf } from '../core/base/error.ts';
import { fen } from '../core/base/money.ts';
import type { Handshake } from '../simulator/control/control.ts';
import { pushingOf, readAccount, readSigning, readTemplates } from '../simulator/control/input.ts';
import { movableClock } from '../simulator/shared/clock.ts';
import { DEFAULT_API_V3_KEY, type SimulatorOptions as Wanted } from '../simulator/shared/options.ts';
import type { Signing } from '../simulator/shared/protocol.ts';
import { type Simulator, startSimulator } from '../simulator/simulator.ts';
import { jsonOf } from '../wechat/json.ts';
import { print, printNote } from './shared/context.ts';
import type { SimulatorOptions } from './simulator-defaults.ts';

const NAME = 'tea';
const SAME_NOTE_MS = 10_000;
/** `hongbao-bot/simulator/hosts`, named so that it is found from wherever somebody's own code lies. */
const HOSTS = fileURLToPath(new URL('../../src/launch/hosts.cjs', import.meta.url));

export async function simulator(options: SimulatorOptions): Promise<() => Promise<void>> {
  const wanted = wantedOf(options);
  const told = options.replay === undefined ? undefined : textIn(options.replay);
  const running = await startSimulator(wanted).catch((error: unknown) => {
    throw startTrouble(error, options);
  });
  if (options.payNotify !== undefined) running.setPayNotify(options.mchId, options.payNotify);
  print(banner(options, running));
  if (options.webhook !== '') greeted(await running.verifyWebhook(NAME), options.webhook, running.url);
  if (options.replay !== undefined) await replay(options.replay, told ?? '', running.url);
  return () => running.close();
}

function wantedOf(options: SimulatorOptions): Wanted {
  const { mchId, apiKey } = options;
  if (!/^\d{8,10}$/.test(mchId)) throw new BadInput(`--mch-id ${mchId}: expected 8 to 10 digits`);
  if (!/^[0-9A-Za-z]{32}$/.test(apiKey)) throw new BadInput('--api-key: expected 32 letters and digits');
  if (options.payNotify !== undefined) urlOf('--pay-notify', options.payNotify);
  const account = accountOf(options);
  return {
    port: portOf(options.port),
    payPort: portOf(options.payPort),
    folder: options.folder,
    ...(options.memory === true && { memory: true }),
    clock: movableClock(Date.now),
    callersInRealTime: options.sharedClock !== true,
    anyMedia: options.anyMedia === true,
    trouble: onceInAWhile(),
    ...(options.record === undefined ? {} : { recorded: recorder(options.record) }),
    accounts: [account],
    merchants: [
      {
        mchId,
        apiV2Key: apiKey,
        balance: fen(1_000_000_00),
        appIds: [options.appId],
        signing: signingOf(options.signing),
      },
    ],
  };
}

/** Checked as an account that is added by HTTP, in the words of the options. */
function accountOf(options: SimulatorOptions): Wanted['accounts'][number] {
  const { webhook, webDomains, templates, mode, appSecret } = options;
  if (webhook !== '') urlOf('--webhook', webhook);
  if (appSecret === '') throw new BadInput('--app-secret: expected a text');
  const domains = webDomains === 'any' ? ['*'] : webDomains?.split(',').map(each => each.trim());
  try {
    return {
      ...readAccount({
        ...{ name: NAME, title: '公众号', originalId: 'gh_0a1b2c3d4e5f', mode, webhook, appSecret },
        ...{ appId: options.appId, token: options.token, encodingAesKey: options.aesKey },
        ...(domains === undefined ? {} : { webDomains: domains }),
        ...(templates === undefined ? {} : { templates: jsonIn(templates) }),
      }),
      ...pushingOf(options),
    };
  } catch (error) {
    const text = messageOf(error).replace(
      /^(appId|token|encodingAesKey|mode):/,
      (_, key: string) => `${OPTIONS[key]}:`,
    );
    throw new BadInput(text);
  }
}

const OPTIONS: Readonly<Record<string, string>> = {
  appId: '--app-id',
  token: '--token',
  encodingAesKey: '--aes-key',
  mode: '--mode',
};

function jsonIn(file: string): unknown {
  try {
    const templates: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return readTemplates(templates);
  } catch (error) {
    throw new BadInput(`--templates ${file}: ${messageOf(error)}`);
  }
}

function urlOf(name: string, text: string): void {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new BadInput(`${name} ${text}: expected the address of a server, such as http://127.0.0.1:3000/`);
}

function banner(options: SimulatorOptions, running: Simulator): string {
  const { url, payUrl } = running;
  const { mchId } = options;
  const { format = 'xml', cdata = 'split' } = pushingOf(options);
  const certificate = running.certificates(mchId);
  const ca = resolve(options.folder, mchId, 'ca.pem');
  return `
  A simulator of WeChat

    How to use it  ${url}/
    Chat page      ${url}/simulator
    Control        ${url}/control/state
    Platform API   ${url}      (\`api\` of the account)
    WeChat Pay     ${payUrl}     (\`api\` of the merchant; by host name, the platform too)
    Fixed hosts?   WECHAT_SIMULATOR=${payUrl} NODE_EXTRA_CA_CERTS=${shell(ca)} node --require ${shell(HOSTS)} YOUR.js
              (what reads it, such as curl: HTTPS_PROXY=${url}; Node itself does not)
    Certificates   ${options.folder}/${mchId}/   (apiclient_cert.pem, apiclient_key.pem, apiclient_cert.p12, ca.pem)
    Pushes go to   ${options.webhook}   (${options.mode} mode, ${format.toUpperCase()}${cdata === 'raw' ? ', "]]>" raw' : ''})
              (otherwise: PUT ${url}/control/accounts/${NAME} {"format":"json","cdata":"raw"})
    Payments to    ${options.payNotify ?? `nobody (--pay-notify, or PUT ${url}/control/merchants/${mchId}/notify {"url":"…"})`}

    appId ${options.appId}   appSecret ${options.appSecret}
    token ${options.token}   encodingAesKey ${options.aesKey}
    mchId ${mchId}   apiV2Key ${options.apiKey}
    商家转账: apiV3Key ${DEFAULT_API_V3_KEY}   serialNo ${certificate.serialNumber}
              publicKeyId ${certificate.publicKeyId}   (pub_key.pem beside the certificates)
    API v3 is signed by  ${keysOf(running, mchId)}
              (another share: PUT ${url}/control/merchants/${mchId}/signing {"publicKey":9,"certificate":1})

  Ctrl-C stops it.
`;
}

/** As one word of a command line. */
function shell(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** What came of the handshake. A bot that starts later is no fault. */
function greeted({ ok, status, answer }: Handshake, webhook: string, url: string): void {
  const why = status === 0 ? answer : `status ${status}, and not the echostr: ${JSON.stringify(answer.slice(0, 80))}`;
  const again = `\n              (again: POST ${url}/control/accounts/${NAME}/verify)`;
  print(`  Handshake      ${webhook} ${ok ? 'answered as it should' : `${why}${again}`}\n`);
}

/** Nobody reads the same line a hundred times. */
function onceInAWhile(): (what: string) => void {
  const said = new Map<string, number>();
  return what => {
    const now = Date.now();
    if (now - (said.get(what) ?? 0) < SAME_NOTE_MS) return;
    said.set(what, now);
    printNote(`  not delivered: ${what}`);
  };
}

function recorder(file: string): NonNullable<Wanted['recorded']> {
  mkdirSync(dirname(file), { recursive: true });
  return call => appendFileSync(file, `${JSON.stringify(call)}\n`, { mode: 0o600 });
}

/** What was done by the control API, once more, in its order; everything else was said by others. */
async function replay(file: string, told: string, url: string): Promise<void> {
  const lines = told.split('\n').filter(line => line !== '');
  for (const [index, line] of lines.entries()) {
    const call = recordedIn(line, `${file}:${index + 1}`);
    const path = /^(?:\/simulator)?(\/control\/.*)$/.exec(call.path)?.[1];
    if (path === undefined || call.method === 'GET') continue;
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}${path}`, { method: call.method, headers, body: call.body });
    await answer.arrayBuffer();
    print(
      `  ${call.method} ${path} ${answer.status}${answer.status === call.status ? '' : ` (${call.status} before)`}`,
    );
  }
}

function textIn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new BadInput(`--replay ${file} cannot be read: ${messageOf(error)}`);
  }
}

function recordedIn(line: string, where: string): { method: string; path: string; body: string; status: number } {
  const { method, path, body, status } = jsonOf(line) ?? {};
  if (typeof method === 'string' && typeof path === 'string' && typeof body === 'string')
    return { method, path, body, status: Number(status) };
  throw new BadInput(`${where}: not a line that --record wrote`);
}

function keysOf({ control }: Simulator, mchId: string): string {
  const { signing, keys } = control.signing(mchId);
  return keys.map(({ kind, id }) => `${kind} ${id} (${signing[kind]})`).join(', ');
}

function signingOf(text: string): Signing {
  const parts = text.split(',').map(part => {
    const [name = '', value = ''] = part.split('=').map(each => each.trim());
    const isNumber = name !== 'seed' && /^\d+(\.\d+)?$/.test(value);
    return [name, isNumber ? Number(value) : value];
  });
  try {
    return readSigning(Object.fromEntries(parts));
  } catch (error) {
    throw new BadInput(`--signing ${text}: ${messageOf(error)}; such as publicKey=9,certificate=1`);
  }
}

function startTrouble(error: unknown, { port, payPort, folder }: SimulatorOptions): unknown {
  const code = codeOf(error);
  const taken = error instanceof Error && 'port' in error ? error.port : undefined;
  if (error instanceof Error && 'path' in error)
    return new BadInput(`--folder ${folder} cannot be used: ${messageOf(error)}`);
  if (code !== 'EADDRINUSE' && code !== 'EACCES') return error;
  const name = String(taken) === payPort ? '--pay-port' : '--port';
  const why = code === 'EACCES' ? 'needs more rights' : 'is taken by another program';
  return new BadInput(`port ${taken ?? port} ${why}; choose another with ${name} (0 for a free one)`);
}

function portOf(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new BadInput(`${text} is no port; use 0 to 65535`);
  return Number(text);
}
