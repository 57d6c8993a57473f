// Whom a page is about, and why they would not get it: by the rules that are live, or by a draft of them. Who asks is written down.

import { BadInput } from '../../core/base/error.ts';
import { type OpenId, openId } from '../../core/base/event.ts';
import { isOpenId } from '../../core/base/openid.ts';
import { parseBeijing } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { asBillNo } from '../../core/payout/payout.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { whyNot } from '../../engine/overview/followers.ts';
import type { OverviewPorts } from '../../engine/overview/ports.ts';
import type { WhyView } from '../../engine/overview/view.ts';
import type { ActPorts } from './acts.ts';
import { type Asker, Denied, type Route } from './door.ts';
import { RULES_BYTES_MAX, type RulesDesk } from './rules-desk.ts';

const EVENT_MAX = 500;

/** What was asked, by its name. */
type Read = (name: string) => string | undefined;

export function there<T>(found: T | undefined): T {
  if (found === undefined) throw new Denied(404, 'nowhere');
  return found;
}

/** Named as they are, or, for who sees openids only by their ends, by a payout or a line of the journal of theirs. */
export async function userIn(read: Read, { store }: Pick<OverviewPorts, 'store'>): Promise<OpenId> {
  const bill = read('bill');
  if (bill !== undefined) return there(await store.payout(asBillNo(bill))).user;
  const line = read('line');
  if (line !== undefined) {
    if (!/^\d{1,15}$/.test(line)) throw new Denied(404, 'nowhere');
    const [found] = await store.journalAfter(Number(line) - 1, 1);
    return there(found?.id === Number(line) ? found : undefined).event.user;
  }
  const user = read('user');
  if (user === undefined || !isOpenId(user)) throw new BadInput(t`expected an openid`);
  return openId(user);
}

/** `campaigns`: a draft's, in the place of those that are live. */
export async function answersTo(
  { overview, writeDown }: Pick<ActPorts, 'overview' | 'writeDown'>,
  { session, lang }: Asker,
  read: Read,
  campaigns?: readonly Campaign[],
): Promise<{ readonly answers: readonly WhyView[] }> {
  const user = await userIn(read, overview);
  const written = read('event')?.slice(0, EVENT_MAX);
  if (written === undefined || written === '') throw new BadInput('event is missing');
  const said = read('at');
  const at = said === undefined || said === '' ? undefined : parseBeijing(said.replace('T', ' '));
  if (said && at === undefined) throw new BadInput(t`"${said}" is no time; for example 2026-02-10 10:41`);
  await writeDown(session.name, 'explain', user, [written, said, read('file')].filter(Boolean).join(' '));
  return { answers: await whyNot(overview, { user, written, at, campaigns }, lang) };
}

/** The text of the draft comes along; without it, its file as it lies there is meant. */
export function whyDraft(ports: ActPorts, desk: Pick<RulesDesk, 'campaignsWith'>): Route {
  return {
    role: 'operator',
    method: 'POST',
    bytesMax: RULES_BYTES_MAX,
    run: async (_, who, body) => {
      const read: Read = name => (typeof body[name] === 'string' && body[name] !== '' ? body[name] : undefined);
      return answersTo(ports, who, read, await desk.campaignsWith(who, body));
    },
  };
}
