// What else changed in a campaign that is live: limits, amounts, odds, occasions, rounds, lists, days, the end. What was
// decided beforehand and is partly given stays as it is; anything else may change, and it is said what it costs.

import { fen, showFen } from '../base/money.ts';
import { beijingText, type Instant } from '../base/time.ts';
import { t, type Wording } from '../base/words/words.ts';
import { dayIn } from '../match/claim-key.ts';
import type { Campaign } from '../rules/campaign.ts';
import { calledOf } from '../rules/renamed.ts';
import { type Comparing, type LiveSide, people, type SayLive } from './live.ts';
import {
  byId,
  isOver,
  isSameBeginning,
  type LiveCampaign,
  type LiveDraw,
  type LiveMark,
  type LivePrize,
  type LiveRule,
} from './record.ts';

export function changesOf(before: LiveCampaign, side: LiveSide, at: Comparing): void {
  endOf(before, side, at);
  const isClaimed = (): boolean => at.evidence.claims({ campaign: before.id }).claims > 0;
  // Nothing is asked of the store unless there is something to say.
  const found: Parameters<SayLive>[] = [];
  const noting: Comparing = { ...at, say: (...said) => void found.push(said) };
  wholeOf(before, side, noting);
  limitsOf(before, side, noting);
  const rules = former(before.rules, before.gone?.rules);
  for (const [n, rule] of side.live.rules.entries()) ruleOf(n, rule, rules.get(rule.id), side, noting);
  const prizes = former(before.prizes, before.gone?.prizes);
  for (const prize of side.live.prizes) prizeOf(prize, prizes.get(prize.id), side, noting);
  roundsOf(before, side, noting);
  drawsOf(before, side, noting);
  if (found.length > 0 && isClaimed()) for (const said of found) at.say(...said);
}

/** What is live now, or was once. */
function former<T extends LiveMark>(live: readonly T[], gone: readonly T[] = []): ReadonlyMap<string, T> {
  return byId([...live, ...gone]);
}

// ── The campaign ─────────────────────────────────────────────────────────────────────────────────────────────

/** Once it is over its seed may be told, and whoever has it knows every draw to come. */
function endOf(before: LiveCampaign, { live }: LiveSide, { now, say }: Comparing): void {
  if (!live.draws || !isOver(before, now) || live.to <= before.to) return;
  say(
    ['period', 'to'],
    t`the campaign was over at ${timeText(before.to)}, and since then its seed may be public: every draw to come could be foretold. Leave the period as it was, and give what follows a new id with new: true`,
    'refused',
  );
}

function wholeOf(before: LiveCampaign, { live, campaign }: LiveSide, { say }: Comparing): void {
  if ((before.account ?? '') !== (live.account ?? '') && before.account !== undefined)
    say(
      ['account'],
      t`account is ${live.account ?? t`left out`} instead of ${before.account}: its followers have other openids, and all of them may claim`,
    );
  if (before.dayStartsAt !== live.dayStartsAt)
    say(
      ['period', 'dayStartsAt'],
      t`a day begins at ${clockText(live.dayStartsAt)} instead of ${clockText(before.dayStartsAt)}: who claimed in the hours between may claim once more today, and what is counted a day begins anew`,
    );
  if (before.commitment !== undefined && live.commitment !== undefined && before.commitment !== live.commitment)
    say(
      ['campaign'],
      t`its seed is another one (\`secret\` in bot.yaml): what was drawn so far cannot be verified by it, and the commitment that was published no longer holds. Put the former \`secret\` back`,
    );
  scenesOf(before, live, campaign, say);
}

function scenesOf(before: LiveCampaign, live: LiveCampaign, { perScene }: Campaign, say: SayLive): void {
  if (!before.scenes || !live.scenes || Object.keys(perScene).length === 0) return;
  const gone = before.scenes.filter(scene => !live.scenes!.includes(scene));
  const fresh = live.scenes.filter(scene => !before.scenes!.includes(scene));
  if (gone.length === 0 || fresh.length === 0) return;
  say(
    ['stores'],
    t`${shortList(gone)} gone and ${shortList(fresh)} new: limits of a scene go by its name, and begin at nothing for a new one`,
  );
}

function shortList(names: readonly string[]): Wording {
  const shown = names
    .slice(0, 3)
    .map(name => `"${name}"`)
    .join(', ');
  return names.length > 3
    ? t`${shown} and ${names.length - 3} more are`
    : names.length > 1
      ? t`${shown} are`
      : t`${shown} is`;
}

// ── Limits ───────────────────────────────────────────────────────────────────────────────────────────────────

const MONEY = /^budget\.(total|perDay)$|amountPerDay$/;

function limitsOf(before: LiveCampaign, { live, campaign }: LiveSide, { evidence, now, say }: Comparing): void {
  const base = `campaign/${live.id}`;
  const day = dayIn(campaign, now);
  const used: Readonly<Record<string, string>> = {
    'budget.total': `${base}/amount`,
    'budget.perDay': `${base}/amount/day/${day}`,
    'budget.packets': `${base}/packets`,
    'budget.packetsPerDay': `${base}/packets/day/${day}`,
  };
  for (const [name, limit] of Object.entries(live.limits)) {
    const was = before.limits[name];
    // A pause that became longer bounds more; all else bounds more when it becomes less.
    const isTighter = was === undefined || (name.endsWith('.gap') ? limit > was : limit < was);
    if (!isTighter) continue;
    const counter = used[name];
    const show = (value: number): string =>
      MONEY.test(name) ? showFen(fen(value)) : name.endsWith('.gap') ? `${value / 1000} s` : String(value);
    const so =
      counter === undefined ? t`: what was before counts as well` : usedText(evidence.counter(counter), limit, show);
    say(
      name.split('.'),
      t`${name}: ${was === undefined ? t`${show(limit)} is new` : `${show(was)} → ${show(limit)}`}${so}`,
    );
  }
}

function usedText(used: number, limit: number, show: (value: number) => string): Wording {
  const full = used >= limit ? t`, so that nothing more is given` : '';
  return t`, and ${show(used)} of ${show(limit)} are used already${full}`;
}

// ── Rules ────────────────────────────────────────────────────────────────────────────────────────────────────

function ruleOf(
  n: number,
  rule: LiveRule,
  was: LiveRule | undefined,
  { live }: LiveSide,
  { evidence, say }: Comparing,
): void {
  if (!was?.gives || !rule.gives) return;
  const name = calledOf(rule);
  if (was.once !== rule.once) {
    const { followers } = evidence.claims({ campaign: live.id, rule: rule.id });
    if (followers > 0)
      say(
        ['rules', n, 'once'],
        t`"${name}" is once: ${rule.once} instead of ${was.once}, and ${people(followers)} claimed it: each of them may claim it again`,
      );
  }
  const batches = rule.batches.filter(batch => !was.batches.includes(batch));
  const dropped = was.batches.filter(batch => !rule.batches.includes(batch));
  if (batches.length > 0 && dropped.length > 0)
    say(
      ['rules', n, 'on'],
      t`"${name}" takes codes of ${batches.join(', ')} instead of ${dropped.join(', ')}: those are answered as no codes now`,
    );
  if (was.odds !== '' && rule.odds !== '' && was.odds !== rule.odds)
    say(
      ['rules', n, 'give'],
      t`the odds of "${name}" are others from now on (${was.odds} → ${rule.odds}): publish them anew, and say from when they hold`,
    );
}

// ── Prizes ───────────────────────────────────────────────────────────────────────────────────────────────────

function prizeOf(
  prize: LivePrize,
  was: LivePrize | undefined,
  side: LiveSide,
  { evidence, now, say }: Comparing,
): void {
  if (!was) return;
  const { live, campaign } = side;
  const name = calledOf(prize);
  const base = `campaign/${live.id}/prize/${prize.id}`;
  const isSplit = was.worth.startsWith('split') || prize.worth.startsWith('split');
  if (was.worth !== prize.worth && was.worth !== '' && !isSplit)
    say(['prizes', name], t`"${name}" is ${worthText(prize.worth)} instead of ${worthText(was.worth)} from now on`);
  for (const [key, limit] of Object.entries(prize.limits)) {
    const old = was.limits[key];
    if (was.worth === '' || (old !== undefined && limit >= old)) continue;
    const change = old === undefined ? t`${key} ${limit} is new` : `${key} ${old} → ${limit}`;
    const counter = key === 'stock' ? base : `${base}/day/${dayIn(campaign, now)}`;
    const so =
      key === 'perUser'
        ? t`: what each of them won before counts as well`
        : usedText(evidence.counter(counter), limit, String);
    say(['prizes', name, key], t`"${name}": ${change}${so}`);
  }
  couponsOf(prize, was, side, evidence.counter.bind(evidence), say);
}

/** `100..280` → `¥1.00..¥2.80` */
function worthText(worth: string): Wording {
  if (worth === 'nothing') return t`nothing at all`;
  if (worth === 'coupon') return t`a coupon`;
  return worth.replace(/\d+/g, amount => showFen(fen(Number(amount)))).replace(/^(¥[\d.]+)\.\.\1$/, '$1');
}

function couponsOf(
  prize: LivePrize,
  was: LivePrize,
  { live, campaign }: LiveSide,
  counter: (name: string) => number,
  say: SayLive,
): void {
  const written = campaign.prizes.get(prize.id);
  if (written?.kind !== 'coupon' || !was.coupons || !prize.coupons) return;
  const isAsBefore = isSameBeginning(was.coupons, written.coupons, was.coupons.lines);
  if (isAsBefore) return; // lines were added below, or nothing
  const used = counter(`campaign/${live.id}/prize/${prize.id}/coupons`);
  if (isSameBeginning(was.coupons, written.coupons, used)) return;
  const name = calledOf(prize);
  say(
    ['prizes', name, 'coupon'],
    t`${used} lines of the list of "${name}" are given, and up to there nothing may be changed, put in or taken out: others would get what somebody has, or nobody. Put these lines back as they were and add new ones at the end; or make the new list a prize of its own with new: true`,
    'refused',
  );
}

// ── Rounds ───────────────────────────────────────────────────────────────────────────────────────────────────

/** The amounts of a round are laid out before its first packet: nothing they follow from may change after it. */
function roundsOf(before: LiveCampaign, { live }: LiveSide, { evidence, now, say }: Comparing): void {
  const splitOf = ({ prizes }: Pick<LiveCampaign, 'prizes'>): string | undefined =>
    prizes.find(({ worth }) => worth.startsWith('split'))?.worth;
  const [splitWas, split] = [splitOf(before), splitOf(live)];
  const isOtherSplit = splitWas !== undefined && splitWas !== split;
  const isOtherSeed =
    before.commitment !== undefined && live.commitment !== undefined && before.commitment !== live.commitment;
  const rounds = former(before.rounds, before.gone?.rounds);
  for (const [n, round] of live.rounds.entries()) {
    const was = rounds.get(round.id);
    if (!was || isOver(was, now)) continue;
    const isOther = was.total !== round.total || was.packets !== round.packets;
    if (!isOther && !isOtherSplit && !isOtherSeed) continue;
    const taken = evidence.counter(`campaign/${live.id}/round/${round.id}/packets`);
    if (taken === 0) continue;
    const name = calledOf(round);
    const sums = (each: typeof round): Wording => t`${each.packets} packets, ${showFen(fen(each.total))}`;
    const what = isOther
      ? t`it has ${sums(round)} instead of ${sums(was)}`
      : isOtherSplit
        ? t`its packets are ${split === undefined ? t`no shares of it any more` : t`${worthText(split.slice(6))} instead of ${worthText(splitWas.slice(6))}`}`
        : t`the seed is another one`;
    say(
      ['rounds', n, isOther ? (was.total === round.total ? 'packets' : 'total') : 'name'],
      t`"${name}": ${what}, and ${taken} of its packets are taken: the amounts were laid out beforehand, and the rest would not come to its total. Put it back as it was until ${timeText(was.to)}; for more, add a round`,
      'refused',
    );
  }
}

// ── Draws at the end ─────────────────────────────────────────────────────────────────────────────────────────

/** What is drawn, and when, was published with the hash of the seed: who has a ticket has it for that. */
function drawsOf(before: LiveCampaign, { live, campaign }: LiveSide, { say }: Comparing): void {
  for (const was of before.finalDraws ?? []) {
    const draw = live.finalDraws?.find(({ id }) => id === was.id);
    const path = draw ? ['draws', was.id] : [campaign.draws ? 'draws' : 'campaign'];
    if (!draw)
      say(
        path,
        t`the draw "${was.id}" is gone, and those who have a ticket have it for that one. Put it back`,
        'refused',
      );
    else if (winnersText(draw) !== winnersText(was))
      say(
        [...path, 'winners'],
        t`"${was.id}" draws ${winnersText(draw)} instead of ${winnersText(was)}: tickets were given for that. Put it back, and add a draw of its own for more`,
        'refused',
      );
    else if (draw.at !== was.at)
      say(
        [...path, 'at'],
        t`"${was.id}" is drawn at ${timeText(draw.at)} instead of ${timeText(was.at)}: tell those who have a ticket`,
      );
  }
}

function winnersText({ winners }: LiveDraw): string {
  return Object.entries(winners)
    .map(([prize, n]) => `${prize} ${n}`)
    .join(', ');
}

function timeText(at: Instant): string {
  return beijingText(at).slice(0, 16);
}

function clockText(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}
