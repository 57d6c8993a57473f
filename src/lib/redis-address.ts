// The address of a Redis: `store:` of bot.yaml → where it is and what we may assume of it. It may hold a password, so
// no message repeats any part of it but the names of its options.
import { BadInput } from '../core/base/error.ts';

/** Stands before all our keys where the address says nothing else. */
const DEFAULT_TAG = 'hongbao';

type RedisNode = { readonly host: string; readonly port: number };

export type RedisAddress = {
  /** One for a server of its own; a cluster's are where to begin. */
  readonly nodes: readonly RedisNode[];
  readonly isCluster: boolean;
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
const EXAMPLE = 'for example redis://127.0.0.1:6379/0 or redis+cluster://a:7000,b:7000';
const ADDRESS = /^(redis|rediss|redis\+cluster):\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/([^/?#]*))?(?:\?([^#]*))?$/i;
const NODE = /^(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i;
const OPTIONS = ['tag', 'acceptLoss', 'persistence', 'replicas', 'tls'];

export function parseRedisUrl(url: string): RedisAddress {
  const match = ADDRESS.exec(url);
  if (!match) throw new BadInput(`store: not an address of a Redis; expected redis://HOST:PORT/DB, ${EXAMPLE}`);
  const [, scheme, login, hosts, path = '', query = ''] = match;
  const isCluster = scheme!.toLowerCase() === 'redis+cluster';
  const nodes = hosts!.split(',').map(nodeOf);
  if (!isCluster && nodes.length > 1) throw new BadInput('store: several hosts are a cluster; write redis+cluster://');
  if (!/^\d{0,4}$/.test(path)) throw new BadInput('store: after the host comes the number of the database, as in /0');
  if (isCluster && Number(path) !== 0)
    throw new BadInput('store: a cluster has only database 0; leave the number away');
  const options = optionsOf(query);
  return {
    nodes,
    isCluster,
    tls: scheme!.toLowerCase() === 'rediss' || options.get('tls') === 'yes',
    ...loginOf(login),
    db: Number(path),
    tag: options.get('tag') ?? DEFAULT_TAG,
    acceptLoss: options.has('acceptLoss'),
    assured: options.has('persistence'),
    replicas: Number(options.get('replicas') ?? 0),
  };
}

function nodeOf(text: string): RedisNode {
  const match = NODE.exec(text);
  const port = Number(match?.[2] ?? DEFAULT_PORT);
  if (!match || port < 1 || port > 65_535) throw new BadInput(`store: a host is HOST:PORT, ${EXAMPLE}`);
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
    throw new BadInput('store: a % in the user name or the password of a Redis is written %25');
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
  };
  for (const [name, value] of options) {
    if (!OPTIONS.includes(name)) {
      throw new BadInput(`store: unknown option ?${name.replace(/\W.*$/s, '')}; known are ${OPTIONS.join(', ')}`);
    }
    if (!values[name]!.test(value)) {
      throw new BadInput(
        'store: the options are ?tag=NAME (letters, digits, . _ -), ?acceptLoss=1s, ?persistence=assured, ' +
          '?replicas=N (0 to 5), ?tls=yes',
      );
    }
  }
  return options;
}
