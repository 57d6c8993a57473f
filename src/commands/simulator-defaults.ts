// What `hongbao simulator` can be told, and what it takes where nobody says anything.

export type SimulatorOptions = {
  readonly port: string;
  readonly payPort: string;
  readonly folder: string;
  readonly memory?: boolean;
  readonly webhook: string;
  readonly payNotify?: string;
  readonly webDomains?: string;
  readonly templates?: string;
  readonly anyMedia?: boolean;
  readonly sharedClock?: boolean;
  readonly record?: string;
  readonly replay?: string;
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
