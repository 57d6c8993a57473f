// Works out a draw again from the seed that was published, each step with the command by which anybody can repeat it
// without us: commitment, luck, prize, amount, the layout of a round.

import { createHash, createHmac } from 'node:crypto';
import { BadInput } from '../base/error.ts';
import { type Fen, fen, showFen } from '../base/money.ts';
import { byWeight } from '../base/random.ts';
import { inBoth, joined, t, type Wording } from '../base/words/words.ts';
import { commitmentOf, drawAmount, luckOf } from '../decide/draw.ts';
import { layoutOf } from '../mechanics/round.ts';
import type { Campaign, Prize, Rule } from '../rules/campaign.ts';
import { isCash } from '../rules/campaign-query.ts';
import { calledOf, named, namesOf, prizeCalled, prizeNamed } from '../rules/renamed.ts';

/** `repeat`: what to type, with openssl; `result`: what comes of it. */
export type Step = { readonly what: Wording; readonly repeat?: string; readonly result: Wording };

/** One set of prizes that the rule draws from, and what this claim draws. `when`: which time of a rule that counts. */
type Drawn = { readonly when?: Wording; readonly prize: string; readonly amount?: Fen };
type Verified = { readonly steps: readonly Step[]; readonly drawn: readonly Drawn[] };

const SPAN = 2 ** 48;

/** A seed is 64 hex digits, and is used as they stand: as text. */
export function isSeed(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

function verifyCommitment(seed: string): Step {
  return {
    what: t`commitment = SHA-256(seed)`,
    repeat: `printf %s '${seed}' | openssl dgst -sha256`,
    result: commitmentOf(seed),
  };
}

/** `campaign/rule/openid/occasion`, without what only a file could tell. */
export function claimParts(claimKey: string): {
  readonly campaign: string;
  readonly rule: string;
  readonly user: string;
} {
  const [campaign, rule, user, occasion] = claimKey.split('/');
  if (!campaign || !rule || !user || !occasion)
    throw new BadInput(t`"${claimKey}" is no key of a claim; expected CAMPAIGN/RULE/OPENID/OCCASION`);
  return { campaign, rule, user };
}

/** `gone`: prizes that were not to be had when the draw was made. `campaign` absent: only the luck of the claim. */
export function verifyDraw(
  seed: string,
  claimKey: string,
  campaign?: Campaign,
  gone: ReadonlySet<string> = new Set(),
): Verified {
  const steps: Step[] = [verifyCommitment(seed), ...luckSteps(seed, claimKey)];
  if (!campaign) return { steps, drawn: [] };
  const parts = claimParts(claimKey);
  if (!namesOf(campaign).includes(parts.campaign))
    throw new BadInput(t`the claim is of "${parts.campaign}", not of "${calledOf(campaign)}"`);
  const rule = named(campaign.rules, parts.rule);
  if (!rule) throw new BadInput(t`${campaign.file} has no rule "${parts.rule}"`);
  const goneInside = new Set<string>();
  for (const name of gone) {
    const prize = prizeNamed(campaign, name);
    if (!prize) throw new BadInput(t`${campaign.file} has no prize "${name}"`);
    goneInside.add(prize.name);
  }
  const drawn: Drawn[] = [];
  for (const { when, names } of setsOf(rule)) {
    const one = drawAmong({ campaign, seed, claimKey, gone: goneInside }, names);
    steps.push(...one.steps.map(step => (when === undefined ? step : { ...step, what: t`${when}: ${step.what}` })));
    if (one.prize === undefined) continue;
    const amount = one.amount === undefined ? {} : { amount: one.amount };
    drawn.push({ prize: one.prize, ...amount, ...(when !== undefined && { when }) });
  }
  if (rule.assigned) steps.push({ what: t`prize`, result: t`was decided when the code was printed: there is no draw` });
  return { steps, drawn };
}

function luckSteps(seed: string, claimKey: string): Step[] {
  const digest = createHmac('sha256', seed).update(claimKey).digest('hex');
  const [first, second] = [digest.slice(0, 12), digest.slice(12, 24)];
  const luck = luckOf(seed, claimKey);
  return [
    {
      what: t`digest = HMAC-SHA256(key = seed, text = claim)`,
      repeat: `printf %s '${claimKey.replaceAll("'", "'\\''")}' | openssl dgst -sha256 -hmac '${seed}'`,
      result: digest,
    },
    {
      what: t`luck of the prize = the first 12 hex digits / 2^48`,
      repeat: `echo "scale=16; $((16#${first})) / ${SPAN}" | bc`,
      result: `0x${first} / 2^48 = ${luck.prize.toFixed(16)}`,
    },
    {
      what: t`luck of the amount = the next 12 hex digits / 2^48`,
      repeat: `echo "scale=16; $((16#${second})) / ${SPAN}" | bc`,
      result: `0x${second} / 2^48 = ${luck.amount.toFixed(16)}`,
    },
  ];
}

function setsOf({
  give,
  giveAt,
  streak,
  all,
  guaranteed,
}: Rule): { readonly when?: Wording; readonly names: readonly string[] }[] {
  if (all) return give.map(name => ({ when: name, names: [name] }));
  const sure = guaranteed ? [{ when: t`draw ${guaranteed.within} without a prize`, names: guaranteed.give }] : [];
  if (!giveAt) return give.length > 0 ? [{ names: give }, ...sure] : [];
  return [...giveAt].map(([n, names]) => ({ when: streak ? t`day ${n}` : t`time ${n}`, names }));
}

type Drawing = {
  readonly campaign: Campaign;
  readonly seed: string;
  readonly claimKey: string;
  readonly gone: ReadonlySet<string>;
};

function drawAmong(
  { campaign, seed, claimKey, gone }: Drawing,
  names: readonly string[],
): { readonly steps: Step[]; readonly prize?: string; readonly amount?: Fen } {
  const luck = luckOf(seed, claimKey);
  const all = names.map(name => campaign.prizes.get(name)!);
  const fallback = [...campaign.prizes.values()].find(prize => prize.fallback && !gone.has(prize.name));
  // With a fallback the odds stay as they are, and what is gone becomes the fallback.
  const prizes = fallback ? all : all.filter(({ name }) => !gone.has(name));
  const hit = byWeight(prizes, luck.prize);
  if (!hit) return { steps: [{ what: t`prize`, result: t`none of them was to be had` }] };
  const prize = gone.has(hit.name) ? fallback! : hit;
  const steps: Step[] = [
    {
      what: t`prize by weight`,
      result: prizes.length === 1 ? t`"${prizeCalled(hit)}", the only one` : intervals(prizes, luck.prize, hit),
    },
  ];
  if (prize !== hit)
    steps.push({ what: t`fallback`, result: t`"${prizeCalled(hit)}" was gone: "${prizeCalled(prize)}"` });
  const { text, amount } = amountOf(prize, luck.amount);
  steps.push({ what: t`amount`, result: text });
  return { steps, prize: prizeCalled(prize), ...(amount !== undefined && { amount }) };
}

/** `0.0000 – 0.7000 small, …`, with the one that was hit. */
function intervals(prizes: readonly Prize[], luck: number, hit: Prize): Wording {
  const total = prizes.reduce((sum, { weight }) => sum + weight, 0);
  let sum = 0;
  const parts = prizes.map(prize => {
    const from = sum / total;
    sum += prize.weight;
    return t`${from.toFixed(6)}–${(sum / total).toFixed(6)} "${prizeCalled(prize)}"`;
  });
  return t`${luck.toFixed(6)} lies in that of "${prizeCalled(hit)}" (${joined(parts, inBoth(', ', '、'))})`;
}

function amountOf(prize: Prize, luck: number): { readonly text: Wording; readonly amount?: Fen } {
  if (prize.kind === 'coupon') return { text: t`a coupon: the next line of its list` };
  if (prize.kind === 'text') return { text: t`the same text for everybody` };
  if (prize.kind === 'goods') return { text: prize.what };
  if (!isCash(prize)) return { text: t`nothing` };
  if (prize.steps) return { text: t`by what was paid, not by luck` };
  if (prize.split) return { text: t`the next slot of the round's layout: see --round` };
  const amount = drawAmount(prize, luck);
  if (prize.min === prize.max) return { text: t`${showFen(amount)}, whatever the luck`, amount };
  const count = prize.max - prize.min + 1;
  return { text: t`${prize.min} fen + floor(${luck.toFixed(6)} × ${count}) fen = ${showFen(amount)}`, amount };
}

// ── Rounds ───────────────────────────────────────────────────────────────────────────────────────────────────

type VerifiedRound = {
  readonly steps: readonly Step[];
  /** Row by row, in the order in which each row's slots are taken. */
  readonly rows: readonly (readonly Fen[])[];
};

/** Lays the amounts of a round out again. */
export function verifyRound(seed: string, campaign: Campaign, name: string): VerifiedRound {
  const round =
    campaign.rounds.find(each => prizeCalled(each) === name) ??
    campaign.rounds.find(each => each.name === name || each.names?.includes(name));
  if (!round) {
    const names = campaign.rounds.map(each => `"${prizeCalled(each)}"`).join(', ');
    if (names === '') throw new BadInput(t`${campaign.file} has no round "${name}"; it has none`);
    throw new BadInput(t`${campaign.file} has no round "${name}"; it has ${names}`);
  }
  const prize = [...campaign.prizes.values()].find(each => isCash(each) && each.split);
  if (!prize || !isCash(prize)) throw new BadInput(t`${campaign.file}: no prize is a share of a round`);
  const rows = layoutOf(round, prize, seed);
  const amounts = rows.flat();
  const sum = fen(amounts.reduce((all, amount) => all + amount, 0));
  const digest = createHash('sha256')
    .update(rows.map(row => row.join(',')).join('\n'))
    .digest('hex');
  const isExact = sum === round.total && amounts.length === round.packets;
  const isWithin = amounts.every(amount => amount >= prize.min && amount <= prize.max);
  const steps: Step[] = [
    verifyCommitment(seed),
    {
      what: t`key of the round = HMAC-SHA256(key = seed, text = "round NAME")`,
      repeat: `printf %s 'round ${round.name.replaceAll("'", "'\\''")}' | openssl dgst -sha256 -hmac '${seed}'`,
      result: createHmac('sha256', seed).update(`round ${round.name}`).digest('hex'),
    },
    {
      what: t`numbers = HMAC-SHA256(key of the round, "0"), then "1" …: five of 12 hex digits each`,
      result: t`each / 2^48; first the amounts, then their order (core/decide/mechanics/round.ts: splitExactly)`,
    },
    {
      what: t`amounts`,
      result: t`${amounts.length} in ${rows.length} rows, ${showFen(sum)} in all: ${isExact ? t`exactly the round` : t`NOT the round`}`,
    },
    {
      what: t`bounds`,
      result: t`${showFen(prize.min)}–${showFen(prize.max)}: ${isWithin ? t`all are within` : t`NOT all are within`}`,
    },
    { what: t`SHA-256 over the rows (comma between amounts, a line a row)`, result: digest },
  ];
  return { steps, rows };
}
