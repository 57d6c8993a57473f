// Warnings of `hongbao check`: what a rule file may say, and yet is likely a mistake, dangerous, or against the rules of
// WeChat or the law. What cannot be at all was said when the file was read.

import { findingAt, type Place } from '../base/error.ts';
import { keysOf } from '../base/record.ts';
import { nearest } from '../base/suggest.ts';
import { t, type Wording } from '../base/words/words.ts';
import { isEndless } from '../exposure/one-follower.ts';
import { daysOf } from '../exposure/open-days.ts';
import type { Campaign } from '../rules/campaign.ts';
import { asWritten } from '../rules/renamed.ts';
import { Places } from '../yaml/path-position.ts';

import {
  isLintId,
  LINTS,
  type LintId,
  type LintSettings,
  type Severity,
  type Silenced,
  type Warning,
} from './catalogue.ts';
import { lintComply } from './compliance.ts';
import { type LintAround, type LintInput, type Linting, WECHAT_CAPS } from './context.ts';
import { lintDuties } from './duties.ts';
import { lintFollowing } from './follow.ts';
import { lintLimits } from './limits.ts';
import { lintMoney } from './money.ts';
import { lintOdds } from './odds.ts';
import { lintPlans } from './plans.ts';
import { lintPromises } from './promises.ts';
import { lintReach, type Reach, reachOf } from './reach.ts';
import { lintReplies } from './replies.ts';
import { lintSlips, textsCutOff } from './slips.ts';
import { lintInstead, lintStocks } from './stock.ts';
import { besideOf, lintTakes } from './takes.ts';
import { lintWeights } from './weights.ts';

/** `campaigns`: in the order of their files, all of them: some warnings are about several. Sorted by file and place. */
export function lint(campaigns: readonly LintInput[], around: LintAround): Warning[] {
  return lintWith(campaigns, around).warnings;
}

/** And what comments in the files switched off. */
export function lintWith(
  inputs: readonly LintInput[],
  around: LintAround,
): { readonly warnings: Warning[]; readonly silenced: Silenced[] } {
  const campaigns = inputs.map(({ campaign, text }) => ({ campaign: asWritten(campaign), text }));
  const all = campaigns.map(({ campaign }) => campaign);
  const accountOf = ({ account }: Campaign): string => account ?? [...around.accounts.keys()][0] ?? '';
  const reach = reachOf(all, accountOf);
  const results = campaigns.map(input => lintOne(input, { all, accountOf, reach, around }));
  return {
    warnings: results.flatMap(({ warnings }) => warnings),
    silenced: results.flatMap(({ silenced }) => silenced),
  };
}

/** What tells at once that a file has nothing of a kind: then nobody has to look through it. */
const AT_ONCE: Partial<Record<LintId, (campaign: Campaign, all: readonly Campaign[]) => boolean>> = {
  'never-open': campaign => daysOf(campaign).days === 0,
  'unlimited-per-user': (campaign, all) => isEndless(campaign, besideOf(campaign, all)),
};

/** Whether looking through these files may find an error; quick, unless bot.yaml makes errors of what is none by itself. */
export function mayBeRefused(campaigns: readonly Campaign[], settings: LintSettings): boolean {
  const errors = keysOf(LINTS).filter(id => severityOf(id, settings) === 'error');
  return errors.some(id => campaigns.some(campaign => AT_ONCE[id]?.(campaign, campaigns) ?? true));
}

type Together = {
  readonly all: readonly Campaign[];
  readonly accountOf: (campaign: Campaign) => string;
  readonly reach: Reach;
  readonly around: LintAround;
};

function lintOne(
  { campaign, text }: LintInput,
  { all, accountOf, reach, around }: Together,
): { warnings: Warning[]; silenced: Silenced[] } {
  const { lint: settings, now } = around;
  const places = new Places(text);
  const found: Warning[] = [];
  const note = (id: LintId, placeOf: () => Place, message: Wording, advice?: Wording): void => {
    const severity = severityOf(id, settings);
    if (severity === 'off') return;
    const { basis } = LINTS[id];
    const finding = findingAt(campaign.file, placeOf(), message);
    found.push({ ...finding, id, severity, basis, ...(advice !== undefined && { advice }) });
  };
  const say: Linting['say'] = (id, path, message, { advice, word } = {}) =>
    note(id, () => places.at(path, word), message, advice);
  const merchant = around.merchants.get(around.accounts.get(accountOf(campaign))?.merchant ?? '');
  const at: Linting = {
    campaign,
    all,
    accountOf,
    caps: merchant?.limits ?? WECHAT_CAPS,
    payer: merchant ? t`merchant "${merchant.name}"` : t`WeChat Pay`,
    showsPacket: merchant?.showsPacket ?? true,
    topPrize: settings.topPrize,
    stocks: around.stocks,
    now,
    say,
  };
  for (const { place, message } of textsCutOff(text, places)) note('text-cut-off', () => place, message);
  lintTakes(at);
  if (daysOf(campaign).days > 0) lintOpen(at, reach);
  const { left, silenced } = silence(distinct(found), text, places, campaign.file, settings, all.length === 1);
  return { warnings: [...left].sort((a, b) => a.line - b.line || a.column - b.column), silenced };
}

/** What is to be said of a campaign that anybody can ever come to. */
function lintOpen(at: Linting, reach: Reach): void {
  lintMoney(at);
  lintOdds(at);
  lintWeights(at);
  lintPlans(at);
  lintStocks(at);
  lintInstead(at);
  lintLimits(at);
  lintReach(at, reach);
  lintFollowing(at);
  lintReplies(at);
  lintComply(at);
  lintDuties(at);
  lintPromises(at);
  lintSlips(at, reach);
}

function severityOf(id: LintId, { severity }: LintSettings): Severity {
  return severity[id] ?? LINTS[id].severity;
}

/** A text may stand at several places; the same about the same place is said once. */
function distinct(found: readonly Warning[]): Warning[] {
  return [...new Map(found.map(each => [`${each.id} ${each.line}:${each.column} ${each.message}`, each])).values()];
}

// ── # lint-off: ids, and why ─────────────────────────────────────────────────────────────────────────────────

type Off = { readonly line: number; readonly column: number; readonly ids: readonly string[]; readonly reason: string };

const OFF = /^[ \t]*# ?lint-off:[ \t]*([a-z][a-z-]*(?:[ \t]*,[ \t]*[a-z][a-z-]*)*)?[ \t]*(.*)$/gm;

function offsIn(written: string, places: Places): Off[] {
  const text = written.replace(/^\uFEFF/, '');
  return [...text.matchAll(OFF)].flatMap(({ index, 0: all, 1: ids = '', 2: reason = '' }) => {
    const hash = index + all.indexOf('#');
    if (places.isInValue(hash)) return []; // the line belongs to a text
    const before = text.slice(0, hash);
    const line = before.split('\n').length;
    const column = hash - before.lastIndexOf('\n');
    return [{ line, column, ids: ids.split(/[\s,]+/).filter(Boolean), reason: reason.trim() }];
  });
}

/** What only shows beside other files. */
const ABOUT_SEVERAL: readonly LintId[] = ['same-event', 'keyword-conflict', 'rule-unreachable'];

function silence(
  found: readonly Warning[],
  text: string,
  places: Places,
  file: string,
  settings: LintSettings,
  isAlone: boolean,
): { left: Warning[]; silenced: Silenced[] } {
  const silenced: Silenced[] = [];
  const about: Warning[] = [];
  const off = new Set<LintId>();
  for (const { line, column, ids, reason } of offsIn(text, places)) {
    const say = (id: LintId, message: Wording): void => {
      const severity = severityOf(id, settings);
      if (severity !== 'off')
        about.push({ ...findingAt(file, { line, column }, message), id, severity, basis: LINTS[id].basis });
    };
    if (ids.length === 0) say('lint-off-unknown', t`say which warning: # lint-off: keyword-conflict, and why`);
    if (ids.length > 0 && reason === '')
      say('lint-off-no-reason', t`say why behind it: # lint-off: ${ids.join(', ')} 两个文件都要答`);
    for (const id of ids) {
      if (!isLintId(id)) {
        const near = nearest(id, Object.keys(LINTS));
        const hint = near === undefined ? '' : t`; did you mean "${near}"?`;
        say('lint-off-unknown', t`there is no warning "${id}"${hint}`);
        continue;
      }
      const count = found.filter(each => each.id === id).length;
      if (settings.severity[id] === 'error')
        say('lint-off-refused', t`bot.yaml makes "${id}" an error; it cannot be switched off here`);
      else if (count === 0 && isAlone && ABOUT_SEVERAL.includes(id)) continue;
      else if (count === 0) say('lint-off-unused', t`there is no "${id}" in this file; take the comment out`);
      else {
        off.add(id);
        silenced.push({ file, line, id, reason, count });
      }
    }
  }
  return { left: [...found.filter(({ id }) => !off.has(id)), ...about], silenced };
}
