// `hongbao simulator`: a WeChat of one's own, for any bot and any SDK. Prints what a bot must be told to use it.

import { BadInput, messageOf } from '../core/base/error.ts';
import { fen } from '../core/base/money.ts';
import type { Control } from '../simulator/control/control.ts';
import { pushingOf, readSigning } from '../simulator/control/input.ts';
import { movableClock } from '../simulator/shared/clock.ts';
import { DEFAULT_API_V3_KEY } from '../simulator/shared/options.ts';
import type { Signing } from '../simulator/shared/protocol.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { print } from './shared/context.ts';

export type SimulatorOptions = {
  readonly port: string;
  readonly payPort: string;
  readonly folder: string;
  readonly webhook: string;
  readonly appId: string;
  readonly appSecret: string;
  readonly token: string;
  readonly aesKey: string;
  readonly mode: string;
  readonly format: string;
  readonly cdata: string;
  readonly mchId: string;
  readonly apiKey: string;
  /** `publicKey=9,certificate=1`: parts in which each key signs. */
  readonly signing: string;
};

/** Defaults are public on purpose: nothing here is worth a secret. */
export const SIMULATOR_DEFAULTS: SimulatorOptions = {
  port: '3001',
  payPort: '3002',
  folder: 'data/simulator-alone',
  webhook: 'http://127.0.0.1:3000/wechat/tea',
  appId: 'wx8888888888888888',
  appSecret: 'simulatorAppSecret00000000000000',
  token: 'simToken01',
  aesKey: 'RewardBotSimulatorKey0123456789abcdefghijkA',
  mode: 'safe',
  format: 'xml',
  cdata: 'split',
  mchId: '1900000109',
  apiKey: '0123456789abcdef0123456789ABCDEF',
  signing: 'publicKey=1',
};

export async function simulator(options: SimulatorOptions): Promise<() => Promise<void>> {
  const { mode } = options;
  if (mode !== 'safe' && mode !== 'compatible' && mode !== 'plain')
    throw new BadInput(`--mode ${mode}: expected safe, compatible or plain`);
  const { format = 'xml', cdata = 'split' } = pushingOf(options);
  const running = await startSimulator({
    port: portOf(options.port),
    payPort: portOf(options.payPort),
    folder: options.folder,
    clock: movableClock(Date.now),
    accounts: [
      {
        name: 'tea',
        title: '公众号',
        appId: options.appId,
        appSecret: options.appSecret,
        token: options.token,
        encodingAesKey: options.aesKey,
        originalId: 'gh_0a1b2c3d4e5f',
        mode,
        ...pushingOf(options),
        webhook: options.webhook,
      },
    ],
    merchants: [
      {
        mchId: options.mchId,
        apiV2Key: options.apiKey,
        balance: fen(1_000_000_00),
        appIds: [options.appId],
        signing: signingOf(options.signing),
      },
    ],
  });
  const certificate = running.certificates(options.mchId);
  print(`
  A simulator of WeChat

    Chat page      ${running.url}/simulator
    Control        ${running.url}/control/state
    Platform API   ${running.url}      (\`api\` of the account)
    WeChat Pay     ${running.payUrl}     (\`api\` of the merchant)
    Certificates   ${options.folder}/${options.mchId}/   (apiclient_cert.pem, apiclient_key.pem, ca.pem)
    Pushes go to   ${options.webhook}   (${mode} mode, ${format.toUpperCase()}${cdata === 'raw' ? ', "]]>" raw' : ''})
              (otherwise: PUT ${running.url}/control/accounts/tea {"format":"json","cdata":"raw"})

    appId ${options.appId}   appSecret ${options.appSecret}
    token ${options.token}   encodingAesKey ${options.aesKey}
    mchId ${options.mchId}   apiV2Key ${options.apiKey}
    商家转账: apiV3Key ${DEFAULT_API_V3_KEY}   serialNo ${certificate.serialNumber}
              publicKeyId ${certificate.publicKeyId}   (pub_key.pem beside the certificates)
    API v3 is signed by  ${keysOf(running.control, options.mchId)}
              (another share: PUT ${running.url}/control/merchants/${options.mchId}/signing {"publicKey":9,"certificate":1})

  Ctrl-C stops it.
`);
  return () => running.close();
}

function keysOf(control: Control, mchId: string): string {
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

function portOf(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new BadInput(`${text} is no port; use 0 to 65535`);
  return Number(text);
}
