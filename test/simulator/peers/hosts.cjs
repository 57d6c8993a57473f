// Preloaded into a peer: stands for the hosts file and port 443, which nobody may change on somebody else's machine. Every host of
// WeChat leads to the simulator's one TLS port; the names in the certificate are still checked.
const https = require('node:https');

const port = Number(process.env.SIMULATOR_TLS_PORT);
const before = https.Agent.prototype.createConnection;
https.Agent.prototype.createConnection = function createConnection(options, done) {
  const host = options.host ?? options.hostname ?? '';
  if (!/\.weixin\.qq\.com$/.test(host)) return before.call(this, options, done);
  return before.call(this, { ...options, servername: host, host: '127.0.0.1', hostname: '127.0.0.1', port }, done);
};
