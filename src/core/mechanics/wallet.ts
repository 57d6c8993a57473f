// Wallets (机会、积分): what rules give and take beside prizes. A day's free ones are spent first, then the earned ones.
// All sides only grow, earned, spent and taken back; what is left is their difference. Who had spent by then what a refund
// takes back owes it: what they earn next makes up for it first.

import type { Counter } from '../base/counter.ts';
import { t } from '../base/words/words.ts';
import type { Campaign, Prize, Rule, Wallet } from '../rules/campaign.ts';
import { prizesGiven } from '../rules/campaign-query.ts';
import { quoted } from '../rules/public-text.ts';
import { prizeCalled } from '../rules/renamed.ts';
import { type RuleChecking, sayUnknown } from '../rules/schema/written.ts';
import { count, type Draft, type Located, located, name, optional, pairs } from '../yaml/schema.ts';

import { type EvaluationContext, mechanic, type RefusalReason, type RuleContext, type TakesBack } from './mechanic.ts';

/** `gone`: how much a refund has taken back, ever. */
export type WalletChecks = {
  balance: { wallet: string; balance: number; needed: number; gone?: number };
  walletSpentToday: { wallet: string; used: number; max: number; needed: number };
  walletEarnedToday: { wallet: string; used: number; max: number; add: number };
  undoneEarned: { wallet: string; amount: number };
};

const MOST = Number.MAX_SAFE_INTEGER;

const TAKEN_BACK = 'taken-back';

/** `free` and `spent`: taken of the day's free ones, and of the earned ones. */
function namesOf({ userKey, day }: Pick<RuleContext, 'userKey' | 'day'>, { name }: Wallet) {
  const base = `${userKey}/wallet/${name}`;
  return {
    free: `${base}/free/day/${day}`,
    earned: `${base}/earned`,
    earnedToday: `${base}/earned/day/${day}`,
    spent: `${base}/spent`,
    takenBack: `${base}/${TAKEN_BACK}`,
    spentToday: `${base}/spent/day/${day}`,
  };
}

/** The counters that `balanceOf` reads, and those of the wallet's limits. */
export function walletCounters(at: RuleContext, wallet: Wallet): string[] {
  const { free, earned, earnedToday, spent, spentToday, takenBack } = namesOf(at, wallet);
  return [
    ...(wallet.freePerDay === undefined ? [] : [free]),
    ...(wallet.earnPerDay === undefined ? [] : [earnedToday]),
    ...(wallet.spendPerDay === undefined ? [] : [spentToday]),
    earned,
    spent,
    takenBack,
  ];
}

/** The day's free ones that are left, and the earned ones. */
export function balanceOf(at: EvaluationContext, wallet: Wallet): number {
  return freeLeft(at, wallet) + earnedLeft(at, wallet);
}

/** Not below nothing where the file was edited to give fewer. */
function freeLeft(at: EvaluationContext, wallet: Wallet): number {
  return wallet.freePerDay === undefined ? 0 : Math.max(0, wallet.freePerDay - at.value(namesOf(at, wallet).free));
}

/** Not below nothing where more was spent than a refund has left. */
function earnedLeft(at: EvaluationContext, wallet: Wallet): number {
  const { earned, spent, takenBack } = namesOf(at, wallet);
  return Math.max(0, at.value(earned) - at.value(takenBack) - at.value(spent));
}

function spending(at: EvaluationContext, wallet: Wallet, amount: number): Counter[] {
  const { free, earned, spent, spentToday, takenBack } = namesOf(at, wallet);
  const ofFree = Math.min(amount, freeLeft(at, wallet));
  const { freePerDay, spendPerDay } = wallet;
  const gone = at.value(takenBack);
  return [
    ...(ofFree > 0 ? [{ name: free, add: ofFree, max: freePerDay ?? 0 }] : []),
    // What is earned only grows: a bound that was read is too high only where more was taken back since, and that loses.
    ...(amount > ofFree
      ? [
          { name: spent, add: amount - ofFree, max: at.value(earned) - gone },
          { name: takenBack, add: 0, max: gone },
        ]
      : []),
    ...(spendPerDay === undefined ? [] : [{ name: spentToday, add: amount, max: spendPerDay }]),
  ];
}

/** What is beyond the day's bound is not earned; the claim stands all the same. */
function earning(at: EvaluationContext, wallet: Wallet, amount: number): Counter[] {
  const { earned, earnedToday } = namesOf(at, wallet);
  const { earnPerDay } = wallet;
  if (earnPerDay === undefined) return [{ name: earned, add: amount, max: MOST }];
  const today = at.value(earnedToday);
  const add = Math.min(amount, Math.max(0, earnPerDay - today));
  const bound = { wallet: prizeCalled(wallet), used: today, max: earnPerDay };
  if (add < amount) at.see({ ok: true, check: 'walletEarnedToday', ...bound, add });
  if (add === 0) return [];
  return [
    { name: earned, add, max: MOST },
    { name: earnedToday, add, max: earnPerDay },
  ];
}

function refusesSpending(at: EvaluationContext, wallet: Wallet, amount: number): RefusalReason | undefined {
  const { spendPerDay } = wallet;
  const about = { wallet: prizeCalled(wallet), needed: amount };
  const balance = balanceOf(at, wallet);
  const no: RefusalReason = { refusal: 'limited', detail: 'noChance', values: { balance: String(balance) } };
  const gone = at.value(namesOf(at, wallet).takenBack);
  const ok = balance >= amount;
  if (!at.see({ ok, check: 'balance', ...about, balance, ...(gone > 0 && { gone }) })) return no;
  if (spendPerDay === undefined) return undefined;
  const used = at.value(namesOf(at, wallet).spentToday);
  const isWithin = used + amount <= spendPerDay;
  return at.see({ ok: isWithin, check: 'walletSpentToday', ...about, used, max: spendPerDay }) ? undefined : no;
}

/** What a rule takes or gives, with its wallet. */
function withWallets({ wallets }: Campaign, amounts: Rule['earn']): (readonly [Wallet, number])[] {
  return [...amounts].map(([name, amount]) => [wallets.get(name)!, amount]);
}

/** What the rule gives whatever is drawn, and what is drawn itself. */
function earnedWith({ earn }: Rule, given: Prize | undefined): Rule['earn'] {
  if (given?.kind !== 'earn') return earn;
  const sums = new Map(earn);
  for (const [name, amount] of given.adds) sums.set(name, (sums.get(name) ?? 0) + amount);
  return sums;
}

/** Whose balance a rule speaks of: of what it takes, else of what it gives, else of the file's first one. */
function shown({ rule, campaign }: RuleContext): Wallet {
  const [name] = [...rule.spend.keys(), ...rule.earn.keys(), ...campaign.wallets.keys()];
  return campaign.wallets.get(name!)!;
}

const EARNED = /^(campaign\/[^/]+\/user\/[^/]+\/wallet\/([^/]+))\/earned$/;

const takesBack: TakesBack = ({ name, add }) => {
  const [, base, wallet] = EARNED.exec(name) ?? [];
  if (base === undefined || wallet === undefined) return undefined;
  return {
    wants: [],
    undo: () => ({
      counters: [{ name: `${base}/${TAKEN_BACK}`, add, max: MOST }],
      check: { ok: true, check: 'undoneEarned', wallet, amount: add },
    }),
  };
};

const purse = pairs(t`wallets such as { 机会: 1 }`, name(t`a wallet`), count());

/** Nobody can spend what nobody can have. */
function checkSpend(
  { value: wallet, at }: Draft<Located<string>>,
  amount: number,
  { file, earned, say }: RuleChecking,
): void {
  if (!file.wallets?.has(wallet)) return;
  const { freePerDay = 0, spendPerDay } = file.wallets.get(wallet) ?? {};
  if (spendPerDay !== undefined && amount > spendPerDay)
    say(at, t`it takes ${amount}, more than spendPerDay ${spendPerDay}: nobody could pay it`);
  else if (!earned.has(wallet) && amount > freePerDay)
    say(
      at,
      t`it takes ${amount}; ${freePerDay} a day are free, and no rule has \`earn\` for "${wallet}": nobody could pay it`,
    );
}

export const wallets = mechanic({
  fields: {
    earn: optional(located(purse), '往钱包里加多少'),
    spend: optional(located(purse), '从钱包里扣多少；不够就不能参加'),
  },
  checkAny(rule, around) {
    const { file, say } = around;
    const names = [...(file.wallets?.keys() ?? [])];
    for (const key of ['earn', 'spend'] as const)
      for (const { key: entry, value } of rule[key]?.value ?? []) {
        if (!entry) continue;
        const example = t`the campaign has no \`wallets\`; add wallets: { ${entry.value}: {} }`;
        sayUnknown(t`wallet`, entry, names, say, example);
        if (key === 'spend' && value !== undefined) checkSpend(entry, value, around);
      }
  },
  build({ earn, spend }, { wallet }) {
    const amounts = (written: typeof earn) =>
      new Map((written?.value ?? []).map(({ key, value }) => [wallet(key.value), value]));
    return { earn: amounts(earn), spend: amounts(spend) };
  },
  describe({ spend, earn }, { say }) {
    const amounts = (list: Rule['earn']): string =>
      [...list].map(([wallet, amount]) => `${quoted(wallet, say)}×${amount}`).join(say('、', ', '));
    return [
      ...(spend.size > 0 ? [say(`每次消耗${amounts(spend)}`, `costs ${amounts(spend)}`)] : []),
      ...(earn.size > 0 ? [say(`得${amounts(earn)}`, `earns ${amounts(earn)}`)] : []),
    ];
  },
  comesTo: ({ spend }, _, inTests) => ({ noChance: spend.size > 0, limited: !inTests && spend.size > 0 }),
  placeholders: () => ['balance'],
  /** Any rule may tell a balance. */
  isIn: (_, campaign) => campaign.wallets.size > 0,
  wants(at) {
    const { campaign, rule } = at;
    const given = prizesGiven(campaign, rule).flatMap(prize => (prize.kind === 'earn' ? [prize.adds] : []));
    const used = [rule.spend, rule.earn, ...given]
      .flatMap(each => withWallets(campaign, each))
      .map(([wallet]) => wallet);
    return [...new Set([...used, shown(at)])].flatMap(wallet => walletCounters(at, wallet));
  },
  refuses(at) {
    for (const [wallet, amount] of withWallets(at.campaign, at.rule.spend)) {
      const no = refusesSpending(at, wallet, amount);
      if (no) return no;
    }
    return undefined;
  },
  counts: (at, given) => [
    ...withWallets(at.campaign, at.rule.spend).flatMap(([wallet, amount]) => spending(at, wallet, amount)),
    ...withWallets(at.campaign, earnedWith(at.rule, given)).flatMap(([wallet, amount]) => earning(at, wallet, amount)),
  ],
  values: at => ({ balance: String(balanceOf(at, shown(at))) }),
  takesBack,
});
