// The address of a Redis: `store:` of bot.yaml → where it is and what we may assume of it. It may hold a password, so
// no message repeats any part of it but the names of its options.

import { BadInput } from '../core/base/error.ts';
import { t } from '../core/base/words/words.ts';

/** Stands before all our keys where the address says nothing else. */
const DEFAULT_TAG = 'hongbao';

type RedisNode = { readonly host: string; readonly port: number };

export type RedisAddress = {
  /** One for a server of its own; a cluster's are where to begin; or the sentinels. */
  readonly nodes: readonly RedisNode[];
  readonly isCluster: boolean;
  /** What the sentinels call the primary; absent: no sentinel is asked. */
  readonly primary?: string;
  /** `?sentinelLogin=same`: the sentinels want the user name and the password, too. */
  readonly isSentinelLogin?: true;
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  /** The hash tag of all our keys. */
  readonly tag: string;
  /** `?acceptLoss=1s`: an fsync every second is enough. */
  readonly acceptLoss: boolean;
  /** `?persistence=assured`: the operator knows that nothing is lost; we cannot or need not look. */
  readonly assured: boolean;
  /** `?replicas=N`: as many must have what was written before it counts. */
  readonly replicas: number;
};

const DEFAULT_PORT = 6379;
const SENTINEL_PORT = 26_379;
const EXAMPLE = t`for example redis://127.0.0.1:6379/0, redis+cluster://a:7000,b:7000 or redis+sentinel://a:26379,b:26379/mymaster`;
const ADDRESS =
  /^(redis|rediss|redis\+cluster|redis\+sentinel):\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/([^/?#]*))?(?:\?([^#]*))?$/i;
const NODE = /^(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i;
const PRIMARY = /^[\w.-]{1,64}$/;
const OPTIONS = ['tag', 'acceptLoss', 'persistence', 'replicas', 'tls', 'sentinelLogin'];

export function parseRedisUrl(url: string): RedisAddress {
  const match = ADDRESS.exec(url);
  if (!match) throw new BadInput(t`store: not an address of a Redis; expected redis://HOST:PORT/DB, ${EXAMPLE}`);
  const [, scheme, login, hosts, path = '', query = ''] = match;
  const kind = scheme!.toLowerCase();
  const isCluster = kind === 'redis+cluster';
  const isSentinel = kind === 'redis+sentinel';
  const nodes = hosts!.split(',').map(host => nodeOf(host, isSentinel ? SENTINEL_PORT : DEFAULT_PORT));
  if (!isCluster && !isSentinel && nodes.length > 1)
    throw new BadInput(t`store: several hosts are a cluster or sentinels; write redis+cluster:// or redis+sentinel://`);
  if (isSentinel && !PRIMARY.test(path))
    throw new BadInput(t`store: after the sentinels comes what they call the primary, as in /mymaster`);
  if (!isSentinel && !/^\d{0,4}$/.test(path))
    throw new BadInput(t`store: after the host comes the number of the database, as in /0`);
  if (isCluster && Number(path) !== 0)
    throw new BadInput(t`store: a cluster has only database 0; leave the number away`);
  const options = optionsOf(query);
  if (options.has('sentinelLogin') && !isSentinel)
    throw new BadInput(t`store: ?sentinelLogin=same is for redis+sentinel:// only`);
  return {
    nodes,
    isCluster,
    ...(isSentinel && { primary: path }),
    ...(options.has('sentinelLogin') && { isSentinelLogin: true as const }),
    tls: kind === 'rediss' || options.get('tls') === 'yes',
    ...loginOf(login),
    db: isSentinel ? 0 : Number(path),
    tag: options.get('tag') ?? DEFAULT_TAG,
    acceptLoss: options.has('acceptLoss'),
    assured: options.has('persistence'),
    replicas: Number(options.get('replicas') ?? 0),
  };
}

function nodeOf(text: string, defaultPort: number): RedisNode {
  const match = NODE.exec(text);
  const port = Number(match?.[2] ?? defaultPort);
  if (!match || port < 1 || port > 65_535) throw new BadInput(t`store: a host is HOST:PORT, ${EXAMPLE}`);
  return { host: match[1]!.replace(/^\[|\]$/g, ''), port };
}

/** `user:password`, `:password`, or a password alone, as redis-cli takes it. */
function loginOf(text: string | undefined): Pick<RedisAddress, 'username' | 'password'> {
  if (text === undefined || text === '') return {};
  const colon = text.indexOf(':');
  const [username, password] = colon < 0 ? ['', text] : [text.slice(0, colon), text.slice(colon + 1)];
  try {
    const login = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
    return { ...(username !== '' && { username: login.username }), password: login.password };
  } catch {
    throw new BadInput(t`store: a % in the user name or the password of a Redis is written %25`);
  }
}

/** A misspelt option would silently keep its default, so it is refused. */
function optionsOf(query: string): ReadonlyMap<string, string> {
  const options = new Map(new URLSearchParams(query));
  const values: Record<string, RegExp> = {
    tag: /^[\w.-]{1,64}$/,
    acceptLoss: /^1s$/,
    persistence: /^assured$/,
    replicas: /^[0-5]$/,
    tls: /^yes$/,
    sentinelLogin: /^same$/,
  };
  for (const [name, value] of options) {
    if (!OPTIONS.includes(name)) {
      throw new BadInput(t`store: unknown option ?${name.replace(/\W.*$/s, '')}; known are ${OPTIONS.join(', ')}`);
    }
    if (!values[name]!.test(value)) {
      throw new BadInput(
        t`store: the options are ?tag=NAME (letters, digits, . _ -), ?acceptLoss=1s, ?persistence=assured, ?replicas=N (0 to 5), ?tls=yes, ?sentinelLogin=same`,
      );
    }
  }
  return options;
}
