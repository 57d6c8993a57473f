// What happens outside of the chat: the campaign's own page (H5), a payment, a printed code (一物一码), a friend's deed.

import type { Happening } from '../base/event.ts';
import { type Fen, fen, showFen } from '../base/money.ts';
import { byWeight, logNormal, pick } from '../base/random.ts';
import { joined, t } from '../base/words/words.ts';
import type { Campaign, Rule, Trigger } from '../rules/campaign.ts';
import { addressOf, idsOf, isCash } from '../rules/campaign-query.ts';
import { CODE_LENGTH, CODE_LETTERS, checksumOf, isAboutCode } from '../rules/printed-code.ts';
import { byKind, choice, convert, money, name, object, oneOrMany, optional, orBare, required } from '../yaml/schema.ts';
import {
  exampleName,
  fitsAny,
  fitsPattern,
  missOfName,
  namedPiece,
  prefix,
  RARE,
  triggerKind,
  yesOrNothing,
} from './trigger.ts';

export const visit = triggerKind('visit', {
  bare: { kind: 'visit' },
  field: optional(yesOrNothing(), '打开活动页（H5）参加'),
  written: (_: true) => ({ kind: 'visit' }),
  fits: (_, event, { campaign }) => event.kind === 'visit' && idsOf(campaign).includes(event.campaign),
  events: ['visit'],
  names: (_, campaign) => idsOf(campaign),
  compared: () => undefined,
  describe: (_, { say }) => say('打开活动页面', `open the page of the campaign`),
  example:
    (_, { campaign }) =>
    () => ({ kind: 'visit', campaign: campaign.id }),
  miss: (_, event, { campaign }) =>
    event.kind === 'visit' ? missOfName(t`page`, event.campaign, [addressOf(campaign)]) : undefined,
});

// ── Payments ─────────────────────────────────────────────────────────────────────────────────────────────────

const whenPaid = object('paid', {
  over: optional(money({ min: fen(1) }), '实付至少多少'),
  attach: optional(oneOrMany(prefix(t`what the order carries`)), '附加数据，末尾 * 表示前缀'),
});

export const paid = triggerKind('paid', {
  bare: { kind: 'paid' },
  field: optional(orBare(null, whenPaid), '付款：{ over: ¥50.00, attach: "pos-*" }'),
  written: (bill: { readonly over?: Fen; readonly attach?: readonly string[] }) => ({ kind: 'paid', ...bill }),
  fits: (trigger, event) =>
    event.kind === 'paid' && event.amount >= (trigger.over ?? 0) && fitsAny(trigger.attach, event.attach),
  events: ['paid'],
  names: trigger => trigger.attach,
  describe({ over, attach }, { say }) {
    const sum =
      over === undefined
        ? say('微信支付消费', `pay with WeChat Pay`)
        : say(`单笔实付满 ${showFen(over)}`, `pay ${showFen(over)} or more at once`);
    return attach ? say(`${sum}（限指定渠道的订单）`, `${sum}, in the shops that take part`) : sum;
  },
  pieces({ over = fen(1), attach }, event) {
    const bill = { kind: 'paid', merchant: '', transaction: '', order: '', amount: over, total: over } as const;
    if (!attach) return [{ label: 'payments', probes: [event(bill), event({ ...bill, attach: RARE[0] })] }];
    return attach.map(each => namedPiece(t`payments with`, each, carried => [event({ ...bill, attach: carried })]));
  },
  example:
    ({ over, attach }, { rule, campaign }) =>
    chance =>
      paying(medianOf(rule, campaign, over), attach, chance),
  miss({ over = fen(0), attach }, event) {
    if (event.kind !== 'paid') return undefined;
    if (event.amount < over) return t`paid ${showFen(event.amount)} < ${showFen(over)}`;
    const is = event.attach;
    if (!attach || (is !== undefined && attach.some(each => fitsPattern(each, is)))) return undefined;
    return is === undefined
      ? t`no attach; it must be "${joined(attach, t`" or "`)}"`
      : t`attach "${is}"; it must be "${joined(attach, t`" or "`)}"`;
  },
});

/** Bills around what is asked for, or around the sums at which more is given. */
function medianOf({ give }: Rule, { prizes }: Campaign, over: Fen | undefined): number {
  const sums = give.flatMap(each => {
    const prize = prizes.get(each)!;
    return isCash(prize) ? (prize.steps ?? []).map(({ from }) => from) : [];
  });
  return Math.max(over ?? 0, sums[Math.floor(sums.length / 2)] ?? 0, 1000) * 1.2;
}

export function paying(median: number, attach: readonly string[] | undefined, chance: () => number): Happening {
  const amount = fen(Math.max(100, Math.round(logNormal(median, 0.6, chance) / 10) * 10));
  const order = `order-${Math.floor(chance() * 2 ** 32)}-${Math.floor(chance() * 2 ** 32)}`;
  const bill = { merchant: 'simulation', transaction: order, order, amount, total: amount };
  return { kind: 'paid', ...bill, ...(attach && { attach: exampleName(pick(attach, chance), chance) }) };
}

// ── Printed codes ────────────────────────────────────────────────────────────────────────────────────────────

/** A code whose checksum is right, so that it is one for everybody who waits for codes. */
function codeOf(body: string): string {
  return body + checksumOf(body);
}
const CODE = codeOf(CODE_LETTERS[0]!.repeat(CODE_LENGTH - 2));

export const code = triggerKind('code', {
  wants: t`its batch: { code: spring }`,
  field: optional(name(t`a batch`), '一物一码：这个批次的码'),
  written: (batch: string) => ({ kind: 'code', batch }),
  fits: (_, event) => isAboutCode(event),
  events: [],
  compared: ({ batch }) => [batch],
  describe: (_, { say }) => say('输入或扫描产品上的码（每码限用一次）', `type or scan a printed code; each works once`),
  pieces: ({ batch }, event) => [
    { label: t`codes of "${batch}"`, batch, probes: [event({ kind: 'text', text: CODE })] },
  ],
  /** Each code is good and new; its prize was drawn by weight when it was printed. */
  example({ batch }, { campaign, codes }) {
    const prizes = [...campaign.prizes.values()];
    if (prizes.length === 0) return undefined;
    return chance => {
      const body = Array.from({ length: CODE_LENGTH - 2 }, () => pick([...CODE_LETTERS], chance)).join('');
      const made = codeOf(body);
      codes.set(made, { batch, prize: byWeight(prizes, chance())!.name, active: true });
      return { kind: 'text', text: made };
    };
  },
});

// ── Friends ──────────────────────────────────────────────────────────────────────────────────────────────────

/** What the friend did; of a payment perhaps how much it must be. */
type Deed = { readonly did: 'followed' } | { readonly did: 'paid'; readonly over?: Fen };

const deed = byKind<Deed>(t`what the friend did`, {
  scalar: convert(choice(t`what the friend did`, ['followed', 'paid']), did => ({ did })),
  map: convert(
    object(t`what the friend did`, {
      paid: required(object('paid', { over: required(money({ min: fen(1) }), '首单实付至少多少') }), '首单满多少才算'),
    }),
    ({ paid: { over } }) => ({ did: 'paid' as const, over }),
  ),
});

export const friend = triggerKind('friend', {
  wants: t`what the friend did: { friend: followed } or { friend: paid }`,
  field: optional(deed, '邀请来的朋友关注了、付款了：paid、{ paid: { over: ¥15.00 } }'),
  written: (what: Deed) => ({ kind: 'friend', ...what }),
  fits: (trigger, event, { campaign }) =>
    event.kind === 'friend' &&
    event.did === trigger.did &&
    (event.amount ?? 0) >= overOf(trigger) &&
    idsOf(campaign).includes(event.campaign),
  events: ['friend'],
  names: ({ did }, campaign) => idsOf(campaign).map(id => `${did} ${id}`),
  compared: ({ did }) => [did],
  describe(trigger, { say }) {
    if (trigger.did === 'followed')
      return say('你邀请的朋友首次到来（每位朋友计一次）', `a friend you invited comes; each friend counts once`);
    if (trigger.over === undefined)
      return say('你邀请的朋友首次消费（每位朋友计一次）', `a friend you invited pays; each friend counts once`);
    const sum = showFen(trigger.over);
    return say(
      `你邀请的朋友首次消费、实付满 ${sum}（每位朋友计一次）`,
      `a friend you invited pays for the first time, ${sum} or more; each friend counts once`,
    );
  },
  miss(trigger, event) {
    if (event.kind !== 'friend' || event.did !== trigger.did) return undefined;
    const paid = fen(event.amount ?? 0);
    return paid < overOf(trigger) ? t`the friend paid ${showFen(paid)} < ${showFen(overOf(trigger))}` : undefined;
  },
});

function overOf(trigger: Extract<Trigger, { readonly kind: 'friend' }>): Fen {
  return trigger.did === 'paid' ? (trigger.over ?? fen(0)) : fen(0);
}

// ── Draws at the end ─────────────────────────────────────────────────────────────────────────────────────────

export const drawn = triggerKind('drawn', {
  wants: 'the draw: { drawn: 大奖 }',
  field: optional(name(t`a draw`), '开奖时抽中了的人'),
  written: (draw: string) => ({ kind: 'drawn', draw }),
  fits: (trigger, event, { campaign }) =>
    event.kind === 'drawn' && event.draw === trigger.draw && idsOf(campaign).includes(event.campaign),
  events: ['drawn'],
  compared: ({ draw }) => [draw],
  describe: ({ draw }, { say }) => say(`在「${draw}」开奖时抽中`, `be drawn at the draw "${draw}"`),
});
