// `hongbao send`: a red packet for everybody in a file. Everything is looked at before the first write; then each line is
// a claim like any other, so that no run, however often it is repeated or killed, pays anybody twice.

import { setTimeout as sleep } from 'node:timers/promises';
import type { AccountConfig } from '../../config/account.ts';
import type { Config } from '../../config/config.ts';
import { type MerchantConfig, payableBy } from '../../config/merchant.ts';
import { isBounded } from '../../core/base/counter.ts';
import { BadInput, Fault, type Finding, findingAt, showFindingIn, told } from '../../core/base/error.ts';
import { openId } from '../../core/base/event.ts';
import { type Fen, fen, showFen } from '../../core/base/money.ts';
import { suggest } from '../../core/base/suggest.ts';
import { beijingText, type Instant, instant } from '../../core/base/time.ts';
import { inLang, joined, t, type Wording } from '../../core/base/words/words.ts';
import { seedOf } from '../../core/decide/draw.ts';
import { keptForDraws } from '../../core/decide/prize-offer.ts';
import { amountWords, type OpenIdLine, OpenIdReader, parseAmount } from '../../core/ops/recipients-file.ts';
import {
  type Batch,
  commitOf,
  Forecast,
  type Gift,
  type Intent,
  intentOf,
  isBatchName,
  lostWords,
  SEND_RULE,
} from '../../core/payout/bulk.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { isCash, pauseOf } from '../../core/rules/campaign-query.ts';
import { calledOf, named, prizeCalled, prizeNamed } from '../../core/rules/renamed.ts';
import { openRulebook } from '../../engine/rulebook.ts';
import { SILENT } from '../../lib/log.ts';
import { Spool } from '../../lib/spool.ts';
import { type TableOptions, tableFile } from '../../lib/table-file.ts';
import type { Store } from '../../ports.ts';
import { writeDown } from '../shared/acts.ts';
import { countBefore, mustFitLive } from '../shared/beside-live.ts';
import { type Common, EXIT, print, printJson, printNote, table, withStore } from '../shared/context.ts';
import { l, language } from '../shared/language.ts';
import { progress } from '../shared/progress.ts';
import { type Outcome, type Watched, watch } from './send-progress.ts';

export type SendOptions = Common &
  TableOptions & {
    readonly campaign: string;
    readonly openids: string;
    readonly prize?: string;
    readonly amount?: string;
    readonly batch?: string;
    readonly account?: string;
    readonly outsidePeriod?: boolean;
    readonly dryRun?: boolean;
    /** `--no-wait` */
    readonly wait: boolean;
  };

/** Lines written together; between two groups the bot gets its turn at the store. */
const GROUP = 200;
/** Findings that are told. */
const FOUND_MAX = 100;
/** Of more lines nobody waits for the end. */
const WATCHED_MAX = 100_000;
const now = (): Instant => instant(Date.now());

/** Who stands in the file. */
type People = Pick<OpenIdReader, 'lines' | 'hasAmounts' | 'findings' | 'wrong'> & { each(): Iterable<OpenIdLine> };

/** What is to be done, once it is known that the command makes sense. */
type Order = {
  readonly batch: Batch;
  readonly merchant: MerchantConfig;
  readonly file: People;
  readonly campaigns: readonly Campaign[];
  readonly gift: Gift | undefined;
};

export function send(options: SendOptions): Promise<number> {
  return withStore(options, async (store, config) => {
    const order = await orderOf(options, config, store);
    const { name } = order.batch;
    await writeDown(store, 'send', options.campaign, [options.dryRun && '--dry-run', `batch ${name}`, options.openids]);
    if (!options.dryRun) await countBefore(store, order.campaigns);
    const problems = [
      ...order.file.findings,
      ...periodFinding(options, order.batch.campaign),
      ...strangersIn(order, options.openids),
    ];
    const forecast = new Forecast();
    if (problems.length === 0) problems.push(...(await examine(store, order, forecast, options.openids)));
    if (problems.length > 0) return refuse(problems, options);
    const { merchant } = order;
    const halt = await store.halt(merchant.name);
    if (halt)
      printNote(
        t`merchant "${merchant.name}" is halted (${halt.reason}): the packets wait for \`hongbao merchant resume ${merchant.name}\``,
      );
    const written = options.dryRun ? dryRun(order, forecast) : await write(store, order);
    const isTooMany = order.file.lines > WATCHED_MAX;
    if (isTooMany && options.wait && !options.dryRun)
      printNote(t`more than ${WATCHED_MAX} lines are not waited for; \`hongbao payouts list\` says how they go`);
    const outcome =
      options.dryRun || !options.wait || written.stopped || isTooMany
        ? undefined
        : await watch(store, merchant, written.watched, now);
    return report(options, order, written, outcome);
  });
}

// ── Before the first write ───────────────────────────────────────────────────────────────────────────────────

async function orderOf(options: SendOptions, config: Config, store: Store): Promise<Order> {
  const batchName = options.batch ?? 'send';
  if (!isBatchName(batchName))
    throw new BadInput(t`--batch ${batchName}: expected at most 40 letters, digits, ".", "_" or "-"`);
  const { campaigns } = (await openRulebook(config, SILENT)).current();
  await mustFitLive(config, store, campaigns);
  const campaign = named(campaigns, options.campaign);
  if (!campaign)
    throw new BadInput(
      t`there is no campaign "${options.campaign}"${suggest(options.campaign, campaigns.map(calledOf))}`,
    );
  const account = accountOf(options, config, campaign);
  const merchant = config.merchants.get(account.merchant ?? '');
  if (!merchant) throw new BadInput(t`account "${account.name}" has no merchant; add \`merchant:\` to it in bot.yaml`);
  if (campaign.mode === 'draft' || campaign.mode === 'shadow')
    throw new BadInput(t`${campaign.file}: campaign "${campaign.id}" is in mode ${campaign.mode}, which pays nobody`);
  if (campaign.mode === 'paused' || (await store.halt(pauseOf(campaign.id))))
    throw new BadInput(t`campaign "${options.campaign}" is paused; \`hongbao campaigns list\` says by whom`);
  if (!campaign.packet)
    throw new BadInput(
      t`${campaign.file}: campaign "${campaign.id}" says nothing of the packet; add \`packet:\` with sendName, actName, wishing and remark`,
    );
  if (!campaign.budget)
    throw new BadInput(t`${campaign.file}: campaign "${campaign.id}" has no budget; add \`budget: { total: ¥…}\``);
  if (campaign.rules.some(rule => rule.id === SEND_RULE))
    throw new BadInput(
      t`${campaign.file}: a rule is called "${SEND_RULE}", as is what is sent by hand; rename the rule, or take another campaign`,
    );
  const file = await readPeople(options, merchant);
  const gift = mostOf(giftOf(options, campaign, merchant, file), options);
  return {
    batch: {
      ...{ name: batchName, campaign, account, merchant, seed: seedOf(config.secret, campaign.id) },
      drawn: await drawnIn(store, campaign, account.name),
    },
    merchant,
    campaigns,
    file,
    gift,
  };
}

/** What draws at the end have given of what is kept for them. */
async function drawnIn(store: Store, campaign: Campaign, account: string): Promise<ReadonlyMap<string, number>> {
  const names = keptForDraws(campaign).map(({ counter }) => counter);
  if (names.length === 0) return new Map();
  const nobody = openId('');
  return (await store.facts({ account, user: nobody, merchant: undefined, claims: [], counters: names })).counters;
}

/** The whole file, once; its lines are put aside, so that it may be a pipe, and changes to it do no harm. */
async function readPeople(options: SendOptions, merchant: MerchantConfig): Promise<People> {
  const reader = new OpenIdReader(options.openids, { merchant: merchant.name, ...payableBy(merchant) });
  const spool = new Spool<OpenIdLine>();
  for await (const { rows } of tableFile(options.openids, options)) {
    for (const row of rows) {
      const line = reader.read(row);
      if (line && reader.wrong === 0) spool.put(0, line);
    }
  }
  reader.end();
  const { lines, hasAmounts, findings, wrong } = reader;
  return { lines, hasAmounts, findings, wrong, each: () => spool.take(0) };
}

function accountOf({ account: wanted }: SendOptions, config: Config, campaign: Campaign): AccountConfig {
  const names = [...config.accounts.keys()];
  if (wanted !== undefined && !names.includes(wanted))
    throw new BadInput(t`--account: there is no account "${wanted}"${suggest(wanted, names)}`);
  const own = campaign.account ?? (names.length === 1 ? names[0] : undefined);
  if (wanted !== undefined && own !== undefined && wanted !== own) {
    throw new BadInput(
      t`--account ${wanted}: campaign "${campaign.id}" belongs to account "${own}", and openids are good for one account only`,
    );
  }
  const name = wanted ?? own;
  if (name === undefined) throw new BadInput(t`name the account with --account: ${names.join(', ')}`);
  return config.accounts.get(name)!;
}

/** What every line gets; `undefined` where the file says it line by line. */
function giftOf(options: SendOptions, campaign: Campaign, merchant: MerchantConfig, file: People): Gift | undefined {
  const { prize: name, amount: text } = options;
  if (name !== undefined && text !== undefined) throw new BadInput(t`give --prize or --amount, not both`);
  if (file.hasAmounts && (name ?? text) !== undefined)
    throw new BadInput(
      t`${options.openids} says the amounts itself; leave out --${name === undefined ? 'amount' : 'prize'}`,
    );
  if (text !== undefined) {
    const amount = parseAmount(text);
    const { min, max } = payableBy(merchant);
    if (amount === undefined) throw new BadInput(joined(['--amount ', amountWords(text)]));
    if (amount < min || amount > max)
      throw new BadInput(
        t`--amount: merchant "${merchant.name}" pays ${showFen(min)}..${showFen(max)} at once, not ${showFen(amount)}`,
      );
    return { amount };
  }
  if (name !== undefined) {
    const names = [...campaign.prizes.values()].filter(isCash).map(prizeCalled);
    const prize = prizeNamed(campaign, name);
    if (!prize) throw new BadInput(t`--prize: campaign "${campaign.id}" has no prize "${name}"${suggest(name, names)}`);
    if (!isCash(prize))
      throw new BadInput(
        t`--prize ${name} is worth nothing${names.length > 0 ? t`; expected one of: ${names.join(', ')}` : ''}`,
      );
    const draw = [...(campaign.draws?.values() ?? [])].find(({ winners }) => winners.has(prize.name));
    if (draw)
      throw new BadInput(t`--prize ${name} is kept for the draw "${draw.name}"; give another prize, or --amount`);
    if (prize.split || prize.steps)
      throw new BadInput(
        t`--prize ${name} has no amount of its own (${prize.split ? 'split' : 'steps'}); give --amount`,
      );
    return { prize };
  }
  if (file.hasAmounts || file.findings.length > 0) return undefined;
  throw new BadInput(t`say what each of them gets: --prize NAME, --amount ¥1.00, or a column "amount" in the file`);
}

/** Before it is sent nobody learns what will be drawn: what may be needed is needed. */
function mostOf(gift: Gift | undefined, { dryRun }: SendOptions): Gift | undefined {
  if (!dryRun || !gift || !('prize' in gift) || !isCash(gift.prize)) return gift;
  return { prize: { ...gift.prize, min: gift.prize.max } };
}

function periodFinding({ outsidePeriod }: SendOptions, { period, id, file }: Campaign): Finding[] {
  const at = now();
  if (outsidePeriod || (at >= period.from && at < period.to)) return [];
  const when = at < period.from ? t`begins ${beijingText(period.from)}` : t`ended ${beijingText(period.to)}`;
  return [findingAt(file, { line: 1, column: 1 }, t`campaign "${id}" ${when}; --outside-period sends all the same`)];
}

/** In rehearsal a campaign is there for its testers, by whichever door. */
function strangersIn({ batch: { campaign }, file: { each } }: Order, file: string): Finding[] {
  if (campaign.mode !== 'rehearse') return [];
  const why = t`is no tester of campaign "${campaign.id}", which is in mode rehearse: add them to testers, or go live first`;
  const findings: Finding[] = [];
  for (const { user, line, column } of each()) {
    if (campaign.testers.has(user)) continue;
    findings.push(findingAt(file, { line, column }, t`${user} ${why}`));
    if (findings.length === FOUND_MAX) break;
  }
  return findings;
}

function intentFor({ batch, gift }: Order, line: OpenIdLine, at: Instant): Intent {
  return intentOf(batch, line.user, gift ?? { amount: line.amount! }, at);
}

/** Holds the file against the limits as they stand; who has their packet already needs nothing more. */
async function examine(store: Store, order: Order, forecast: Forecast, file: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  const { account, merchant, campaign } = order.batch;
  for (const group of groupsOf(order.file.each())) {
    const at = now();
    const intents = group.map(line => intentFor(order, line, at));
    const facts = await store.facts({
      account: account.name,
      user: group[0]!.user,
      merchant: merchant.name,
      claims: intents.map(intent => intent.claimKey),
      counters: [...new Set(intents.flatMap(intent => intent.limits.filter(isBounded).map(limit => limit.name)))],
    });
    intents.forEach((intent, index) => {
      const { line, column } = group[index]!;
      const own = forecast.add(intent, facts.claims.has(intent.claimKey), facts.counters);
      if (own !== undefined) findings.push(findingAt(file, { line, column }, t`${intent.user}: ${own}`));
    });
    if (findings.length >= FOUND_MAX) return findings; // as it is, nobody is paid
  }
  findings.push(
    ...forecast.shortages().map(said => findingAt(campaign.file, { line: 1, column: 1 }, t`${campaign.id}: ${said}`)),
  );
  return findings;
}

function refuse(findings: readonly Finding[], options: SendOptions): number {
  if (options.json) printJson({ findings });
  else {
    for (const finding of findings) print(showFindingIn(language(), finding));
    const count = findings.length >= FOUND_MAX ? t`at least ${FOUND_MAX}` : String(findings.length);
    print(t`${count} ${findings.length === 1 ? t`finding` : t`findings`}; nothing was written, nobody is paid`);
  }
  return EXIT.findings;
}

function* groupsOf<T>(all: Iterable<T>): Generator<readonly T[]> {
  let group: T[] = [];
  for (const each of all) {
    group.push(each);
    if (group.length < GROUP) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

// ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────

type Written = {
  planned: number;
  already: number;
  sum: Fen;
  readonly refused: { readonly line: OpenIdLine; readonly reason: Wording }[];
  /** Everybody whose packet is on its way, from this run or an earlier one. */
  readonly watched: Watched[];
  /** Why it did not come to the end of the file. */
  stopped?: string;
};

function dryRun(_: Order, { fresh, already, sum }: Forecast): Written {
  return { planned: fresh, already, sum, refused: [], watched: [] };
}

async function write(store: Store, order: Order): Promise<Written> {
  const written: Written = { planned: 0, already: 0, sum: fen(0), refused: [], watched: [] };
  const { lines, each } = order.file;
  const bar = progress('written');
  let done = 0;
  try {
    for (const group of groupsOf(each())) {
      if (await store.halt(pauseOf(order.batch.campaign.id))) {
        written.stopped = l`the campaign was paused meanwhile`;
        break;
      }
      const began = performance.now();
      await Promise.all(group.map(line => writeLine(store, order, line, written)));
      done += group.length;
      bar.show(done, lines);
      // As long a pause as the write took: a bot that waits for the store's lock must find it free.
      if (done < lines) await sleep(performance.now() - began);
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    written.stopped = inLang(error.words, language());
  }
  bar.end();
  return written;
}

async function writeLine(store: Store, order: Order, line: OpenIdLine, written: Written): Promise<void> {
  const at = now();
  const intent = intentFor(order, line, at);
  const commit = commitOf(order.batch, intent, at);
  const committed = await store.commit(commit);
  const { user, claimKey } = intent;
  switch (committed.kind) {
    case 'done':
      written.planned++;
      written.sum = fen(written.sum + intent.amount);
      if (order.file.lines <= WATCHED_MAX) written.watched.push({ user, claimKey, billNo: commit.payout.billNo });
      break;
    case 'answered':
    case 'claimed':
      written.already++;
      if (order.file.lines <= WATCHED_MAX) written.watched.push({ user, claimKey });
      break;
    case 'lost':
      written.refused.push({ line, reason: lostWords(intent, committed.counter) });
      break;
    default:
      committed satisfies never;
  }
}

// ── What came of it ──────────────────────────────────────────────────────────────────────────────────────────

function report(options: SendOptions, { batch, file }: Order, written: Written, outcome: Outcome | undefined): number {
  const { planned, already, sum, refused, stopped } = written;
  const { lines } = file;
  const rows = refused.map(({ line, reason }) => findingAt(options.openids, line, t`${line.user}: ${reason}`));
  if (options.json) {
    const about = { campaign: batch.campaign.id, batch: batch.name, dryRun: options.dryRun === true };
    printJson({
      ...about,
      lines,
      planned,
      already,
      refused: rows.map(row => told(row, 'en')),
      sum,
      ...(stopped !== undefined && { stopped }),
      ...(outcome && { outcome }),
    });
  } else {
    for (const row of rows) print(showFindingIn(language(), row));
    const sumHead = options.dryRun ? l`sum at most` : l`sum`;
    const head = [
      l`lines`,
      options.dryRun ? l`would be planned` : l`planned now`,
      l`had it already`,
      l`refused`,
      sumHead,
    ];
    print(table(head, [[lines, planned, already, refused.length, showFen(sum)].map(String)]));
    if (outcome) {
      const { sent, received, refunded, held, failed } = outcome;
      print('');
      print(
        table(
          [l`sent`, l`received`, l`refunded`, l`held`, l`failed`],
          [[sent, received, refunded, held, failed].map(String)],
        ),
      );
      if (held + failed > 0)
        print(
          t`\`hongbao payouts list --campaign ${batch.campaign.id} --state ${held > 0 ? 'held' : 'failed'}\` says why`,
        );
    }
  }
  if (stopped !== undefined)
    printNote(
      t`stopped after ${planned + already + refused.length} of ${lines} lines: ${stopped}\nthe same command goes on where it stopped`,
    );
  const isFine = refused.length === 0 && stopped === undefined && (outcome?.held ?? 0) + (outcome?.failed ?? 0) === 0;
  return isFine ? EXIT.fine : EXIT.findings;
}
