// `node --require hongbao-bot/simulator/hosts`: for clients whose hosts are built in. Every connection of the process to a host of
// WeChat leads to the simulator's TLS port, and none to the real WeChat: it stands for the hosts file and port 443, which nobody may
// change on somebody else's machine. It works below https, axios, fetch and whatever else there is; names in certificates are still checked.
// CommonJS and not compiled: it is loaded before anything else, by any Node.
'use strict';

const { Socket } = require('node:net');

const { WECHAT_SIMULATOR = '' } = process.env;
const there = URL.canParse(WECHAT_SIMULATOR) ? new URL(WECHAT_SIMULATOR) : undefined;
if (there?.protocol !== 'https:')
  throw new Error(
    `hongbao-bot/simulator/hosts: WECHAT_SIMULATOR is ${WECHAT_SIMULATOR === '' ? 'not set' : `"${WECHAT_SIMULATOR}"`}; expected where the simulator has TLS, such as https://127.0.0.1:3002`,
  );

/** WeChat's and WeChat Pay's. Of those that the simulator has no certificate for, the call fails; it does not reach them. */
const THEIRS = ['weixin.qq.com', 'wechatpay.cn', 'wechatpay.com', 'tenpay.com'];

// Nor through a proxy of the house, which would not come by here.
for (const name of ['NO_PROXY', 'no_proxy'])
  process.env[name] = [process.env[name], ...THEIRS.flatMap(host => [host, `.${host}`])].filter(Boolean).join(',');

const before = Socket.prototype.connect;
Socket.prototype.connect = function connect(...args) {
  const wanted = wantedOf(args);
  const host = String(wanted?.host ?? '')
    .toLowerCase()
    .replace(/\.$/, '');
  if (!THEIRS.some(each => host === each || host.endsWith(`.${each}`))) return before.apply(this, args);
  if (Number(wanted.port) !== 443) {
    const text = `${wanted.host}:${wanted.port}: the simulator stands for WeChat's hosts by https only (port 443)`;
    process.nextTick(() => this.destroy(new Error(text)));
    return this;
  }
  const done = args.flat().find(each => typeof each === 'function');
  return before.call(this, { ...wanted, host: there.hostname, port: Number(there.port || 443) }, done);
};

/** Node's own callers hand over `[options, callback]`, others `options` or `port, host`. */
function wantedOf(args) {
  const [first, second] = args.flat();
  if (typeof first === 'object' && first !== null) return first;
  return typeof second === 'string' ? { port: first, host: second } : undefined;
}
