// npm as a stranger runs it, from within tests: without what the npm that runs these tests says of this checkout, and with one
// word for a registry that cannot be reached.

/** What npm says where the registry cannot be reached. */
export const AWAY = /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENOTCACHED|network/;
/** Left alone, npm waits minutes for a registry that is away. */
const SOON = [
  '--fetch-retries=2',
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=4000',
  '--fetch-timeout=60000',
];
export const NPM = ['--prefer-offline', '--no-audit', '--no-fund', '--no-update-notifier', ...SOON];

/** Without what the npm that runs these tests says of this checkout. */
export function plainEnv(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const isOurs = (name: string): boolean =>
    /^npm_/i.test(name) && !/^npm_config_(registry|cache|userconfig|globalconfig|cafile|.*proxy)$/i.test(name);
  const kept = Object.entries(process.env).filter(([name]) => !isOurs(name) && !/^(NODE_ENV|INIT_CWD)$/.test(name));
  return { ...Object.fromEntries(kept), ...more };
}
