// `admin:` in bot.yaml: where the dashboard listens, who may do what there, and from which sum on two must agree.
import { isLoopback } from '../core/base/address.ts';
import type { Place } from '../core/base/error.ts';
import type { Fen } from '../core/base/money.ts';
import { t, type Wording } from '../core/base/words/words.ts';
import * as shape from '../core/yaml/schema.ts';
import { address } from './address.ts';
import { PASSWORD } from './secret.ts';

const { text, optional, required, object, located } = shape;

/** Each may do what those before it may. */
export const ROLES = ['viewer', 'operator', 'publisher', 'owner'] as const;
export type Role = (typeof ROLES)[number];

export type Operator = {
  readonly name: string;
  readonly role: Role;
  /** As it stands in bot.yaml: a password, or its hash. */
  readonly password: string;
  /** The secret of an authenticator (TOTP), base32; absent: the password is enough. */
  readonly totp?: string;
};

export type AdminConfig = {
  /** Absent: on the bot's own port, as in the demo. */
  readonly listen?: { readonly host: string; readonly port: number };
  /** By which address people reach it, where a proxy stands in front. */
  readonly url?: string;
  readonly operators: readonly Operator[];
  /** What moves so much money needs a second person. */
  readonly secondPersonFrom?: Fen;
};

const LISTEN = t`an address such as 127.0.0.1:3080`;
const DEFAULT_LISTEN = { host: '127.0.0.1', port: 3080 };
/** Who is there where bot.yaml only has a password. */
const OWNER = 'owner';

const OPERATOR = object(t`an operator`, {
  name: required(
    located(text({ what: t`a name of at most 32 letters`, pattern: /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,31}$/u })),
  ),
  role: required(shape.choice(t`a role`, ROLES)),
  password: required(PASSWORD),
  totp: optional(
    text({
      what: t`the secret of an authenticator: 16 to 64 letters and digits (base32)`,
      secret: true,
      pattern: /^[A-Z2-7]{16,64}$/,
    }),
    'the second factor (TOTP); `hongbao admin totp` makes one',
  ),
});

export const ADMIN = located(
  object('admin', {
    listen: optional(
      located(text({ what: LISTEN, pattern: /^(?:\[[\da-fA-F:]+\]|[\w.-]*):\d{1,5}$/ })),
      'where the dashboard listens: never where followers come; 127.0.0.1:3080',
    ),
    url: optional(located(address('url')), 'by which https address people reach it, behind a proxy'),
    password: optional(PASSWORD, 'of the only one who may, who may everything; in place of operators'),
    operators: optional(shape.list(OPERATOR, 'operators', 1)),
    secondPersonFrom: optional(shape.money(), 'what moves so much money needs a second person'),
  }),
);

export type Admin = shape.ShapeOf<typeof ADMIN>;
type Say = (at: Place, message: Wording) => void;

/** `known`: other keys of the file. */
export function checkAdmin({ value, at }: Admin, known: ReadonlySet<string>, say: Say): void {
  const { operators, password, secondPersonFrom, url } = value;
  if (url?.value.startsWith('http:') && !isLoopback(url.value))
    say(url.at, t`admin.url is plain http: passwords would go there in clear; say https://`);
  checkTwins(value, at, known, say);
  if ((operators === undefined) === (password === undefined))
    say(at, t`admin: give operators, or a password where there is only one person`);
  const names = new Set<string>();
  for (const { name } of operators ?? []) {
    const plain = name.value.toLowerCase();
    if (names.has(plain)) say(name.at, t`there are two operators called ${name.value}`);
    names.add(plain);
  }
  if (operators?.length && !operators.some(({ role }) => role === 'owner'))
    say(at, t`admin: one of the operators must be an owner, or nobody can end the sessions of others`);
  const able = (operators ?? []).filter(({ role }) => role !== 'viewer').length;
  if (secondPersonFrom !== undefined && able < 2)
    say(at, t`admin: secondPersonFrom needs two operators who may act, or nobody could agree`);
}

/** Who knows one person's password, or has their authenticator, is that person: two who share them are one. */
function checkTwins(
  { operators = [], password }: Admin['value'],
  at: Place,
  known: ReadonlySet<string>,
  say: Say,
): void {
  if (password !== undefined && known.has(password))
    say(at, t`the password is another key of this file as well; take another one`);
  for (const [n, { name, password: own, totp }] of operators.entries()) {
    if (known.has(own))
      say(name.at, t`the password of ${name.value} is another key of this file as well; take another one`);
    const before = operators.slice(0, n);
    const same = before.find(each => each.password === own);
    if (same) say(name.at, t`${same.name.value} and ${name.value} have the same password; each needs their own`);
    const twin = totp === undefined ? undefined : before.find(each => each.totp === totp);
    if (twin)
      say(name.at, t`${twin.name.value} and ${name.value} have the same totp; make one for each: hongbao admin totp`);
  }
}

/** `isDemo`: it is shown on the demo's own port. */
export function adminOf({ value }: Admin, listen: AdminConfig['listen'], isDemo: boolean): AdminConfig {
  const { operators, password, url, secondPersonFrom } = value;
  const people: readonly Operator[] = operators
    ? operators.map(({ name, role, password: secret, totp }) => ({
        ...{ name: name.value, role, password: secret },
        ...(totp !== undefined && { totp }),
      }))
    : [{ name: OWNER, role: 'owner', password: password! }];
  return {
    ...((listen || !isDemo) && { listen: listen ?? DEFAULT_LISTEN }),
    ...(url && { url: url.value }),
    operators: people,
    ...(secondPersonFrom !== undefined && { secondPersonFrom }),
  };
}
