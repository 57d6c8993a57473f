// `hongbao acts`: what people did and asked by hand (操作记录), newest first; and how a command writes itself down there.

import { userInfo } from 'node:os';
import { BadInput } from '../../core/base/error.ts';
import { beijingText, instant } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import type { Act, Store } from '../../ports.ts';
import { type Common, EXIT, print, printJson, table, withStore } from './context.ts';
import { l } from './language.ts';

export type ActsOptions = Common & { readonly limit: string };

const LIMIT_MAX = 10_000;
/** The store keeps what matters, not whole files. */
const TEXT_MAX = 500;

export function acts(options: ActsOptions): Promise<number> {
  const limit = Number(options.limit);
  if (!/^\d{1,9}$/.test(options.limit) || limit < 1 || limit > LIMIT_MAX)
    throw new BadInput(t`--limit ${options.limit}: expected a whole number from 1 to ${LIMIT_MAX}`);
  return withStore(options, async store => {
    const list = await store.acts.list({ limit });
    if (options.json) printJson(list.map(act => ({ ...act, at: beijingText(act.at) })));
    else if (list.length === 0) print(t`nobody has done anything by hand yet`);
    else print(table([l`when`, l`who`, l`what`, l`about`, l`how`], list.map(rowOf)));
    return EXIT.fine;
  });
}

function rowOf({ at, by, what, about, detail = '' }: Act): string[] {
  return [beijingText(at), by, what, about, detail];
}

/** Before it is done, so that no end of the process hides it. */
export async function writeDown(
  store: Pick<Store, 'acts'>,
  what: string,
  about: string,
  how: readonly (string | false | undefined)[] = [],
): Promise<void> {
  const detail = how.filter(Boolean).join(' ');
  const at = instant(Date.now());
  const act = { at, by: whoAmI(), what, about: clip(about) };
  await store.acts.append({ ...act, ...(detail !== '' && { detail: clip(detail) }) });
}

/** Who has become somebody else to do it is named as well. */
export function whoAmI(): string {
  const { SUDO_USER: behind } = process.env;
  const name = nameOfUser();
  return behind === undefined || behind === name ? name : `${behind} (${name})`;
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`; // in a container a number may have no name
  }
}

function clip(text: string): string {
  const plain = text.replace(/\p{Cc}+/gu, ' ');
  return plain.length <= TEXT_MAX ? plain : `${plain.slice(0, TEXT_MAX)}…`;
}
