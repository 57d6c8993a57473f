// `hongbao audit`: the ledger must balance, to the fen, with itself and with what the merchant's account says.

import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../config/config.ts';
import { Audit, type AuditReport, type CampaignSums } from '../../core/audit/audit.ts';
import { FundFlow } from '../../core/audit/fund-flow.ts';
import type { AuditFinding } from '../../core/audit/payout.ts';
import { BadInput } from '../../core/base/error.ts';
import { fen, showFen } from '../../core/base/money.ts';
import { type Instant, instant } from '../../core/base/time.ts';
import { t, type Wording } from '../../core/base/words/words.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { auditStore } from '../../engine/audit-store.ts';
import type { RepairPorts } from '../../engine/repair/ports.ts';
import { bringUp } from '../../engine/repair/recount.ts';
import { isWhole, type RepairReport, repair } from '../../engine/repair/repair.ts';
import { checkRuleFiles } from '../../engine/rulebook.ts';
import { readRuleFiles } from '../../engine/rulebook-files.ts';
import { SILENT } from '../../lib/log.ts';
import { type TableOptions, tableFile } from '../../lib/table-file.ts';
import { type FundFlows, fetchFundFlows, fundDayFrom } from '../../setup/fund-flow.ts';
import { writeDown } from '../shared/acts.ts';
import { type Common, EXIT, print, printJson, printNote, table, withStore } from '../shared/context.ts';
import { l, worded } from '../shared/language.ts';
import { auditThread } from './audit-half.ts';
import { cellOf } from './finding-words.ts';
import { partLine, showRepair, showUntouched } from './repair-report.ts';
import { openWeChatPay } from './repair-wechat.ts';

export type AuditOptions = Common &
  TableOptions & {
    readonly funds?: string;
    readonly fetch?: string;
    readonly repair?: boolean;
    readonly dryRun?: boolean;
  };

/** What is done sooner needs no line that says how far it is. */
const QUIET_MS = 2000;
const REDRAW_MS = 200;

const now = (): Instant => instant(Date.now());
const COUNTING = { holder: `audit:${process.pid}`, log: SILENT };

export function audit(options: AuditOptions): Promise<number> {
  if (options.dryRun && !options.repair)
    throw new BadInput(t`--dry-run goes with --repair; an audit alone writes nothing`);
  if (options.funds !== undefined && options.fetch !== undefined)
    throw new BadInput(t`--funds reads a file, --fetch asks WeChat Pay; one of them at a time`);
  return withStore(options, async (store, config) => {
    const fetched = options.fetch === undefined ? undefined : await fetchFunds(options.fetch, config);
    const funds = options.funds === undefined ? fetched?.funds : await readFunds(options.funds, options);
    const campaigns = await (options.repair ? soundCampaignsOf(config) : campaignsOf(config));
    if (options.repair)
      await writeDown(store, 'audit --repair', options.funds ?? options.fetch ?? '', [options.dryRun && '--dry-run']);
    const repaired = options.repair ? await repairFirst(options, { store, config, campaigns }, funds) : undefined;
    const line = progressLine();
    const report = await auditStore(store, new Audit(campaigns, funds), {
      tell: line.tell,
      thread: auditThread(config.store, config),
    }).finally(line.clear);
    if (options.json) printJson(repaired ? { ...report, repair: repaired } : report);
    else {
      if (repaired) showRepair(repaired);
      show(report, options.funds ?? fetched?.words);
      if (repaired && !repaired.dryRun) showUntouched(report);
    }
    return report.total === 0 && (!repaired || isWhole(repaired)) ? EXIT.fine : EXIT.findings;
  });
}

async function repairFirst(
  { dryRun = false }: AuditOptions,
  parts: Pick<RepairPorts, 'store' | 'config' | 'campaigns'>,
  funds: FundFlow | undefined,
): Promise<RepairReport> {
  if (!dryRun) await bringUp({ ...parts, clock: now, timer: { ticks: () => performance.now(), sleep }, ...COUNTING });
  const movements = new Map([...(funds?.movements() ?? [])].map(movement => [movement.number, movement]));
  const wechat = openWeChatPay(parts.config, now);
  const line = partLine();
  try {
    return await repair({ ...parts, movements, wechat, clock: now, log: SILENT }, dryRun, line.tell);
  } finally {
    line.clear();
    await wechat.close();
  }
}

type Fetched = Pick<FundFlows, 'funds'> & { readonly words: Wording };

async function fetchFunds(text: string, config: Config): Promise<Fetched> {
  const day = fundDayFrom(text, now);
  const { funds, lines } = await fetchFundFlows(config, day, now);
  const accounts = lines.map(({ merchant, account, rows }) => `${merchant} ${account} ${rows}`);
  return { funds, words: t`the fund flow of ${day} (${accounts.join(', ')})` };
}

async function readFunds(file: string, options: AuditOptions): Promise<FundFlow> {
  const funds = new FundFlow(file);
  for await (const { rows } of tableFile(file, options, '--funds')) for (const row of rows) funds.read(row);
  funds.mustBeWhole();
  return funds;
}

/** The live campaigns, for their budgets and limits. The ledger is audited also where the rules are gone or wrong. */
export async function campaignsOf(config: Config): Promise<readonly Campaign[]> {
  try {
    return checkRuleFiles(await readRuleFiles([config.rules]), config).campaigns;
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    printNote(t`${error.words}: audited without budgets`);
    return [];
  }
}

/** A claim whose rule cannot be read would be written down as that of nobody knows whom, for good. */
async function soundCampaignsOf(config: Config): Promise<readonly Campaign[]> {
  const { campaigns, findings } = checkRuleFiles(await readRuleFiles([config.rules]), config);
  if (findings.length > 0)
    throw new BadInput(t`--repair finds claims again by their rules, which are not fit:`, findings);
  return campaigns;
}

function show({ compared, campaigns, findings, total }: AuditReport, funds: Wording | undefined): void {
  const { claims, payouts, historyLines, counters, countersLeftOut, fundRows, fundRowsLeftOut } = compared;
  const leftOut = countersLeftOut > 0 ? t` (${countersLeftOut} more cannot be recomputed)` : '';
  print(
    t`compared ${compared.campaigns} campaigns, ${claims} claims, ${payouts} payouts, ${historyLines} lines of history, ${counters} counters${leftOut}`,
  );
  if (funds !== undefined) print(t`with ${funds}: ${fundRows} rows (${fundRowsLeftOut} of other business left out)`);
  if (campaigns.length > 0)
    print(
      `\n${table([l`campaign`, l`claims`, l`payouts`, l`budget`, l`free`, l`reserved`, l`sent`, l`received`, l`refunded`], campaigns.map(sumsRow))}`,
    );
  print('');
  if (total === 0) {
    print(t`everything balances`);
    return;
  }
  print(table([l`where`, l`what`, l`expected`, l`found`], findings.map(findingRow)));
  print(
    t`\n${total} ${total === 1 ? t`difference` : t`differences`}${total > findings.length ? t`, of which the first ${findings.length} are shown` : ''}`,
  );
}

function sumsRow({ campaign, claims, payouts, budget, reserved, sent, received, refunded }: CampaignSums): string[] {
  const free = budget === undefined ? undefined : budget - reserved - sent - received;
  const freeText = free === undefined ? '–' : `${free < 0 ? '-' : ''}${showFen(fen(Math.abs(free)))}`;
  const money = [reserved, sent, received, refunded].map(showFen);
  return [campaign, String(claims), String(payouts), budget === undefined ? '–' : showFen(budget), freeText, ...money];
}

function findingRow({ where, what, expected, found, unit }: AuditFinding): string[] {
  const text = (value: number | string): string =>
    unit === 'fen' || unit === 'ms' ? `${value} ${unit}` : String(value);
  return [where, what, text(expected), text(found)].map(cell => worded(cellOf(cell)));
}

/** On a terminal, once it takes long. */
function progressLine(): { tell(done: number, total: number): void; clear(): void } {
  const began = performance.now();
  let drawnAt = began;
  let isDrawn = false;
  return {
    tell(done, total) {
      const now = performance.now();
      if (!process.stderr.isTTY || now - began < QUIET_MS || now - drawnAt < REDRAW_MS) return;
      drawnAt = now;
      isDrawn = true;
      process.stderr.write(`\raudit: ${Math.min(99, Math.floor((done * 100) / total))} %`);
    },
    clear() {
      if (isDrawn) process.stderr.write('\r\u001b[K');
    },
  };
}
