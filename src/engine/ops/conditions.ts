// What is looked at for alarms, once a minute: a few keys of the store for each merchant, campaign and account.
import { type Dated, endingSoon } from '../../core/base/expiry.ts';
import { fen, showFen } from '../../core/base/money.ts';
import { beijingText, type Instant, MINUTE } from '../../core/base/time.ts';
import type { Raised } from '../../core/ops/alarm.ts';
import { doorNoteName, readDoorNote, troubleIn } from '../../core/ops/door-note.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import type { Store } from '../../ports.ts';

type Looked = {
  readonly store: Store;
  readonly campaigns: readonly Campaign[];
  readonly merchants: readonly string[];
  readonly accounts: readonly string[];
  readonly dated: readonly Dated[];
};

export async function conditionsNow(of: Looked, now: Instant): Promise<Raised[]> {
  const raised: Raised[] = endings(of.dated, now);
  for (const merchant of of.merchants) raised.push(...(await ofMerchant(of.store, merchant, now)));
  for (const campaign of of.campaigns) raised.push(...(await ofCampaign(of.store, campaign, now)));
  for (const account of of.accounts) raised.push(...(await ofAccount(of.store, account)));
  raised.push(...(await parked(of.store)));
  return raised;
}

/** Longer than any pause of ours in a queue that goes on. */
const QUEUE_OLD_MS = 15 * MINUTE;

async function ofMerchant(store: Store, merchant: string, now: Instant): Promise<Raised[]> {
  const halt = await store.halt(merchant);
  if (halt?.by === 'operator') return [];
  if (halt) {
    const { code, reason } = halt;
    const next = halt.probeAt === undefined ? undefined : beijingText(halt.probeAt);
    const words = {
      zh: `商户 ${merchant} 停付：${code} ${reason}。排队的钱不会丢；${next ? `${next} 再试` : '要人工恢复'}（hongbao doctor）`,
      en: `merchant ${merchant} is halted: ${code} ${reason}. Nothing queued is lost; ${next ? `next try ${next}` : 'a person must resume it'} (hongbao doctor)`,
    };
    return [{ key: `halted:${merchant}`, grave: 'page', words }];
  }
  const [oldest] = await store.due(merchant, now, 1, 'send');
  const waits = now - (oldest?.nextAt ?? now);
  if (waits < QUEUE_OLD_MS) return [];
  const minutes = Math.floor(waits / MINUTE);
  const words = {
    zh: `商户 ${merchant} 的付款等了 ${minutes} 分钟还没发出，没有机器人在发`,
    en: `payouts of merchant ${merchant} have waited for ${minutes} minutes; no bot sends them`,
  };
  return [{ key: `queue:${merchant}`, grave: 'page', words }];
}

const NEARLY = 0.95;

async function ofCampaign(store: Store, { id, name, budget, period }: Campaign, now: Instant): Promise<Raised[]> {
  if (!budget || period.to <= now || now < period.from) return [];
  const { reserved, sent, received } = await store.buckets(id);
  const used = reserved + sent + received;
  if (used < budget.total * NEARLY) return [];
  const share = Math.floor((used / budget.total) * 100);
  const [spent, total] = [showFen(fen(used)), showFen(budget.total)];
  const words = {
    zh: `活动「${name}」预算用了 ${share} %（${spent} / ${total}）`,
    en: `the budget of ${id} is ${share} % used (${spent} of ${total})`,
  };
  return [{ key: `budget:${id}`, grave: 'ticket', words }];
}

async function ofAccount(store: Store, account: string): Promise<Raised[]> {
  const trouble = troubleIn(readDoorNote(await store.note(doorNoteName(account))));
  if (trouble?.what !== 'sealed' && trouble?.what !== 'mode') return [];
  const words = {
    zh: `公众号 ${account} 的推送读不了：${trouble.said}（hongbao doctor）`,
    en: `pushes of account ${account} cannot be read: ${trouble.said} (hongbao doctor)`,
  };
  return [{ key: `door:${account}`, grave: 'page', words }];
}

const PARKED_MAX = 100;

/** Payouts that wait for a person, and for nothing else. */
async function parked(store: Store): Promise<Raised[]> {
  const held = await store.payouts({ state: 'held', limit: PARKED_MAX });
  const waiting = held.filter(({ nextAt }) => nextAt === undefined);
  if (waiting.length === 0) return [];
  const sum = showFen(fen(waiting.reduce((total, { amount }) => total + amount, 0)));
  const words = {
    zh: `${waiting.length} 笔付款等人处理（${sum}）：hongbao payouts list --state held`,
    en: `${waiting.length} payouts wait for a person (${sum}): hongbao payouts list --state held`,
  };
  return [{ key: 'parked', grave: 'ticket', words }];
}

const CALL_DAYS = 7;

function endings(dated: readonly Dated[], now: Instant): Raised[] {
  return endingSoon(dated, now)
    .filter(({ daysLeft, key }) => daysLeft < CALL_DAYS && key !== 'platformKeys')
    .map(({ merchant, key, file, daysLeft, words }) => ({
      key: `certificate:${merchant}:${key}`,
      grave: 'page',
      words: {
        zh: `商户 ${merchant} 的证书 ${file} ${daysLeft < 0 ? '已过期' : `还有 ${daysLeft} 天到期`}`,
        en: words,
      },
    }));
}
