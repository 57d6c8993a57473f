// Wires what is said outside the passive reply: a voice for each account, and the words for each occasion.
import type { Config } from '../config/config.ts';
import { messageOf } from '../core/base/error.ts';
import type { Event } from '../core/base/event.ts';
import { yuanText } from '../core/base/money.ts';
import { beijingText, type Instant, MINUTE } from '../core/base/time.ts';
import type { Book } from '../core/decide/match.ts';
import type { NoticeValues } from '../core/messages/notice.ts';
import { hasReminders, remindedStep, reminderOf, wasReminded } from '../core/messages/reminder.ts';
import { channelOf } from '../core/payout/channels/index.ts';
import type { Payout } from '../core/payout/payout.ts';
import type { Campaign, Rule } from '../core/rules/campaign.ts';
import { named } from '../core/rules/renamed.ts';
import { defaultOf, type Reply, replyFor } from '../core/rules/reply.ts';
import type { FlowPorts } from '../engine/flow.ts';
import { createMessages, type Messages, type Saying, type Voice } from '../engine/messages.ts';
import type { Clock, Log, Store } from '../ports.ts';
import { createApi, messengerOn } from '../wechat/account/api.ts';
import { createNotifier } from '../wechat/account/template-messages.ts';

type Parts = {
  readonly config: Config;
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<void>;
  readonly log: Log;
  readonly store: Store;
  readonly holder: string;
  readonly book: () => Book;
};

type Telling = Required<Pick<FlowPorts, 'undone'>> & {
  /** Resolves once it is told, or stands in the mailbox. */
  readonly tell: (...what: Parameters<NonNullable<FlowPorts['tell']>>) => Promise<void>;
  readonly messages: Messages;
  /** The follower should hear that the packet will not come. */
  readonly onProblem: (payout: Payout) => void;
  /** Reminds of packets that go back soon. One of all processes does, the others return. */
  readonly remind: () => Promise<void>;
};

const REMIND = 'job:remind';
const REMIND_LEASE_MS = 5 * MINUTE;
const PAGE = 200;

export function createTelling(parts: Parts): Telling {
  const { config, clock, log, store, holder, book } = parts;
  const voices = new Map([...config.accounts.values()].map(account => [account.name, voiceOf(account, parts)]));
  const messages = createMessages({ clock, log, store, holder, voices });
  const say = async (to: Pick<Event, 'account' | 'user'>, reply: Reply, saying: Saying): Promise<void> => {
    const text = wordsIn(reply);
    if (text === undefined) return;
    await messages
      .say(to.account, to.user, text, saying)
      .catch((error: unknown) => log.error({ ...saying, err: error }, `nobody was told: ${messageOf(error)}`));
  };
  const valuesNow = (campaign: Campaign | undefined, more: NoticeValues): NoticeValues => ({
    campaign: campaign?.name ?? '',
    time: beijingText(clock()).slice(0, 16),
    ...more,
  });
  return {
    messages,
    onProblem(payout) {
      const { campaign, rule, values } = placeOf(book(), payout);
      const saying = { id: `problem:${payout.billNo}`, why: 'problem', values: valuesNow(campaign, values) } as const;
      const otherwise = defaultOf({ kind: channelOf(payout.request).pays }, 'problem');
      void say(payout, replyFor('problem', rule?.replies ?? {}, values, otherwise), saying);
    },
    undone(payout, cause) {
      const { campaign, rule, values } = placeOf(book(), payout);
      // Who leaves sees for themselves; the default words speak of an order.
      if (cause !== 'refunded' && !rule?.replies.cancelled) return;
      const saying = { id: `undone:${payout.billNo}`, why: 'owed', values: valuesNow(campaign, values) } as const;
      void say(payout, replyFor('cancelled', rule?.replies ?? {}, values), saying);
    },
    async tell(event, reply, decision) {
      const id = decision.kind === 'ignored' ? undefined : decision.campaign;
      const campaign = book().campaigns.find(each => each.id === id);
      const prize = decision.kind === 'awarded' ? { prize: decision.prize, amount: yuanText(decision.amount) } : {};
      const why = event.kind === 'paid' ? 'paid' : 'owed';
      await say(event, reply, { id: `event:${event.key}`, why, values: valuesNow(campaign, prize) });
    },
    remind: () => underLease({ store, clock, holder }, () => remindAll(parts, messages)),
  };
}

function voiceOf(account: Parameters<typeof createNotifier>[0] & Parameters<typeof createApi>[0], parts: Parts): Voice {
  const api = createApi(account, parts);
  return { ...messengerOn(api), notices: createNotifier(account, api) };
}

type Place = {
  readonly campaign: Campaign | undefined;
  readonly rule: Rule | undefined;
  readonly values: { readonly amount: string; readonly campaign: string };
};

/** What rule a payout comes from; its file may be gone. */
function placeOf({ campaigns }: Book, payout: Payout): Place {
  const campaign = named(campaigns, payout.campaign);
  const rule = campaign && named(campaign.rules, payout.rule);
  return { campaign, rule, values: { amount: yuanText(payout.amount), campaign: campaign?.name ?? '' } };
}

/** A message is a text: an article becomes one with its address, a picture none. */
function wordsIn(reply: Reply): string | undefined {
  if (reply.kind === 'text') return reply.text === '' ? undefined : reply.text;
  if (reply.kind !== 'news') return undefined;
  return [reply.title, reply.description, reply.url].filter(part => part !== '').join('\n');
}

// ── Reminders ────────────────────────────────────────────────────────────────────────────────────────────

async function underLease(
  { store, clock, holder }: Pick<Parts, 'store' | 'clock' | 'holder'>,
  work: () => Promise<void>,
): Promise<void> {
  const lease = await store.lease(REMIND, `${holder}/remind`, REMIND_LEASE_MS, clock());
  if (!lease) return;
  try {
    await work();
  } finally {
    await store.release(lease, clock());
  }
}

async function remindAll({ store, clock, book }: Parts, messages: Messages): Promise<void> {
  for (const campaign of book().campaigns.filter(hasReminders)) {
    for await (const payout of unopened(store, campaign)) {
      const now: Instant = clock();
      const text = reminderOf(campaign, payout, now);
      if (text === undefined || wasReminded(await store.history(payout.billNo))) continue;
      const { billNo, account, user, amount } = payout;
      const values = { amount: yuanText(amount), campaign: campaign.name, time: beijingText(now).slice(0, 16) };
      const mayNow = async () => (await store.advance(remindedStep(payout, now))) === 'moved';
      await messages.remind(account, user, text, { id: `reminder:${billNo}`, why: 'reminder', values }, mayNow);
    }
  }
}

async function* unopened(store: Store, { id: campaign }: Campaign): AsyncGenerator<Payout> {
  for (let page = await store.payouts({ state: 'sent', campaign, limit: PAGE }); page.length > 0; ) {
    yield* page;
    page = await store.payouts({ state: 'sent', campaign, limit: PAGE, after: page.at(-1)!.billNo });
  }
}
