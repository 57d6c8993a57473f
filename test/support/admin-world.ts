// A whole bot with its dashboard on a port of its own, and people of each role who ask it as their browsers do.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { adminApp } from '../../src/app/wire-admin.ts';
import type { Log } from '../../src/ports.ts';
import { startWorld, type World, type WorldOptions } from './harness.ts';
import { isMap, readJson } from './json.ts';
import { portOf } from './listening.ts';

export type Person = { readonly cookie: string; readonly csrf: string };
export type Told = { readonly status: number; readonly text: string; readonly body: Record<string, unknown> };

/** The password of somebody; nobody has another's. */
export const passwordOf = (name: string): string => `Plum-Lantern-42-${name}`;

export type AdminWorld = {
  readonly world: World;
  readonly url: string;
  /** Every line of the log of the bot and of the dashboard. */
  readonly said: readonly (object & { readonly message: string })[];
  signIn(name: string, headers?: Record<string, string>): Promise<Person>;
  tryLogin(form: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
  get(path: string, who?: Person): Promise<Told>;
  act(path: string, body: object, who: Person, lang?: 'zh' | 'en'): Promise<Told>;
  close(): Promise<void>;
};

const ROLES = { wang: 'owner', mei: 'publisher', li: 'operator', sun: 'operator', zhao: 'viewer' };

type Headers = Readonly<Record<string, string>>;
type LoginForm = Readonly<Record<string, string>>;

/** What the login says to this form, unfollowed. */
export function tryLoginAt(url: string, form: LoginForm, headers: Headers = {}): Promise<Response> {
  return fetch(`${url}/admin/login`, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual', headers });
}

/** Who is let in, as their browser keeps it. */
export async function signInAt(url: string, form: LoginForm, headers: Headers = {}): Promise<Person> {
  const answer = await tryLoginAt(url, form, headers);
  if (answer.status !== 303) throw new Error(`${form.name} was not let in: ${answer.status}`);
  const cookie = answer.headers
    .getSetCookie()
    .map(each => each.split(';')[0])
    .join('; ');
  const page = await (await fetch(`${url}/admin`, { headers: { cookie } })).text();
  return { cookie, csrf: /"csrf":"([\w-]+)"/.exec(page)![1]! };
}

type Options = WorldOptions & {
  readonly roles?: Readonly<Record<string, string>>;
  /** Lines below `admin:`. */
  readonly admin?: string;
};

export async function startAdmin({
  roles = ROLES,
  admin = '',
  lines = '',
  ...options
}: Options = {}): Promise<AdminWorld> {
  const said: (object & { message: string })[] = [];
  const note = (fields: object, message: string): void => void said.push({ ...fields, message });
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const people = Object.entries(roles).map(
    ([name, role]) => `    - { name: ${name}, role: ${role}, password: ${passwordOf(name)} }\n`,
  );
  const own = `admin:\n  listen: 127.0.0.1:3080\n${admin}  operators:\n${people.join('')}`;
  const world = await startWorld({ ...options, log, lines: `${own}${lines}` });
  const server: Server = createServer(adminApp(world.bot.admin!, log).callback());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${portOf(server)}`;
  let tokens = 0;

  const told = async (answer: Response): Promise<Told> => {
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
    return { status: answer.status, text, body: isJson ? readJson(text, isMap) : {} };
  };
  const tryLogin: AdminWorld['tryLogin'] = (form, headers) => tryLoginAt(url, form, headers);
  return {
    ...{ world, url, said, tryLogin },
    signIn: (name, headers) => signInAt(url, { name, password: passwordOf(name) }, headers),
    get: async (path, who) => told(await fetch(`${url}/admin/${path}`, { headers: who ? { cookie: who.cookie } : {} })),
    async act(path, body, { cookie, csrf }, lang = 'zh') {
      const headers = { 'content-type': 'application/json', cookie, 'x-csrf': csrf };
      const whole = JSON.stringify({ token: `token-of-the-test-${++tokens}`, ...body });
      return told(await fetch(`${url}/admin/api/${path}?lang=${lang}`, { method: 'POST', headers, body: whole }));
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await world.close();
    },
  };
}
