// Who has won what in a campaign (中奖名单), and who has taken part: as values for a page, and as CSV to publish (masked) or to keep.
import type { OpenId } from '../base/event.ts';
import { type Fen, yuanText } from '../base/money.ts';
import { shortOpenId } from '../base/openid.ts';
import { beijingText, type Instant } from '../base/time.ts';
import type { Claim } from '../decide/decision.ts';
import type { Stage } from '../payout/view.ts';
import type { Campaign, Prize } from '../rules/campaign.ts';
import { isWorth } from '../rules/campaign-query.ts';
import { prizeCalled } from '../rules/renamed.ts';
import { csvHead, csvRow } from './payout-csv.ts';

export type Winner = {
  readonly account: string;
  readonly user: OpenId;
  readonly at: Instant;
  /** As it is called today. */
  readonly prize: string;
  /** `gone`: its file no longer has it. */
  readonly kind: Prize['kind'] | 'gone';
  readonly amount: Fen;
  readonly claim: string;
  /** Of money: what became of it. Of a thing: whether it is known where it goes. */
  readonly state?: Stage | 'noAddress' | 'address' | 'handedOn' | 'declined';
  /** The code or link that was told; the thing that is sent. */
  readonly what?: string;
};

const KIND_WORDS: Readonly<Record<Winner['kind'], string>> = {
  redpacket: '现金红包',
  voucher: '代金券',
  coupon: '券码',
  text: '兑换码',
  goods: '实物',
  earn: '积分或卡片',
  nothing: '',
  gone: '',
};

type WinnerState = NonNullable<Winner['state']>;

const STATE_WORDS: Readonly<Record<WinnerState, string>> = {
  coming: '处理中',
  later: '稍后发放',
  stuck: '暂时不能送达',
  waiting: '待领取',
  confirm: '待确认收款',
  usable: '已到账',
  used: '已使用',
  lapsed: '已过期或收回',
  received: '已领取',
  returned: '没领，已退回',
  failed: '没能送达',
  cancelled: '已取消',
  noAddress: '还没填地址',
  address: '待发货',
  handedOn: '已交发货',
  declined: '不需要寄送',
};

export function isWinnerState(word: string): word is WinnerState {
  return Object.hasOwn(STATE_WORDS, word);
}

/** `undefined`: nothing was won. Money was, also where the campaign's file no longer has the prize. */
export function winnerOf(
  claim: Pick<Claim, 'account' | 'user' | 'at' | 'amount' | 'key' | 'prize'>,
  campaign: Pick<Campaign, 'prizes'> | undefined,
): Winner | undefined {
  const { account, user, at, amount, key, prize: name } = claim;
  const prize = campaign?.prizes.get(name);
  if (prize ? !isWorth(prize) : amount === 0) return undefined;
  const kind = prize?.kind ?? 'gone';
  const what = prize?.kind === 'goods' ? prize.what : prize?.kind === 'text' ? prize.text : undefined;
  return {
    ...{ account, user, at, amount, kind, claim: key, prize: prizeCalled(prize ?? { name }) },
    ...(what !== undefined && { what }),
  };
}

/** A public list tells nobody's openid and no code that somebody could use. */
const PUBLIC_HEAD = ['中奖时间', '中奖人', '奖品', '种类', '金额（元）'];
const WHOLE_HEAD = [...PUBLIC_HEAD, '状态', '内容', 'openid', '公众号', '领取记录'];

export function winnersHead(isWhole: boolean): string {
  return csvHead(isWhole ? WHOLE_HEAD : PUBLIC_HEAD);
}

export function winnerRow(winner: Winner, isWhole: boolean): string {
  const { at, user, prize, kind, amount, state, what = '', account, claim } = winner;
  const money = amount > 0 ? yuanText(amount) : '';
  const cells = [beijingText(at).slice(0, 16), shortOpenId(user), prize, KIND_WORDS[kind], money];
  if (!isWhole) return csvRow(cells);
  return csvRow([...cells, state ? STATE_WORDS[state] : '', { digits: what }, user, account, claim]);
}

export type Participant = Pick<Claim, 'account' | 'user' | 'at'>;

export function participantsHead(isWhole: boolean): string {
  return csvHead(isWhole ? ['参加时间', '参加人', 'openid', '公众号'] : ['参加时间', '参加人']);
}

/** `at`: of one of the times they took part. */
export function participantRow({ account, user, at }: Participant, isWhole: boolean): string {
  const cells = [beijingText(at).slice(0, 16), shortOpenId(user)];
  return csvRow(isWhole ? [...cells, user, account] : cells);
}
