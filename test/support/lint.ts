// A rule file nobody can complain of, and ways to make it worse: what a test of a warning says is the one change.

import type { Warning } from '../../src/core/lint/catalogue.ts';
import { ALONE, type LintAround } from '../../src/core/lint/context.ts';
import { lintWith } from '../../src/core/lint/lint.ts';
import { loadCampaigns } from '../../src/core/rules/file/load.ts';
import type { DataFiles } from '../../src/core/rules/tables/files.ts';

export const CLEAN = `campaign: spring
name: 新春口令
period: { from: 2026-03-01 00:00, to: 2026-03-10 24:00 }
budget: { total: ¥1000.00, perDay: ¥200.00, alertAt: [80%] }
limits: { perUser: { total: 5, perDay: 1 } }
packet: { sendName: 阿茶茶饮 }
prizes:
  small: { redpacket: ¥1.00, weight: 80 }
  big: { redpacket: ¥8.80, weight: 5, stock: 20 }
  thanks: { nothing: true, weight: 15 }
rules:
  - id: password
    on: { text: 恭喜发财 }
    once: perEvent
    give: [small, big, thanks]
    replies:
      won: 口令正确！{{amount}} 元红包已发出。
  - id: terms
    on: { text: 活动规则 }
    reply: 每天一次，1 元的很多，8.80 元的 20 个。
tests:
  - name: 一天一次
    events:
      - { at: 2026-03-01 10:00, user: ann, text: 恭喜发财 }
`;

/** `[before, after]`: the first `before` in the file becomes `after`. */
export type Edit = readonly [before: string, after: string];

export function edited(text: string, edits: readonly Edit[]): string {
  return edits.reduce((made, [before, after]) => {
    if (!made.includes(before)) throw new Error(`the file does not have: ${before}`);
    return made.replace(before, () => after);
  }, text);
}

export type Written = { readonly file: string; readonly text: string };

/** Files that are fine, in the order in which they are asked. */
export function lintFiles(files: readonly Written[], around: LintAround = ALONE, data: DataFiles = () => undefined) {
  const { campaigns, findings } = loadCampaigns(files.map(each => ({ ...each, data })));
  if (findings.length > 0)
    throw new Error(findings.map(each => `${each.line}:${each.column} ${each.message}`).join('\n'));
  const textOf = new Map(files.map(({ file, text }) => [file, text]));
  return lintWith(
    campaigns.map(campaign => ({ campaign, text: textOf.get(campaign.file)! })),
    around,
  );
}

/** `4:18 budget-left-over at most …` */
export function show({ line, column, id, message }: Warning): string {
  return `${line}:${column} ${id} ${message}`;
}

/** What is said of the clean file after these edits. */
export function saidOf(edits: readonly Edit[], around?: LintAround, data?: DataFiles): string[] {
  return lintFiles([{ file: 'spring.yaml', text: edited(CLEAN, edits) }], around, data).warnings.map(show);
}

/** ALONE, with these settings of bot.yaml. */
export function settled(lint: Partial<LintAround['lint']>, more: Partial<LintAround> = {}): LintAround {
  return { ...ALONE, ...more, lint: { ...ALONE.lint, ...lint } };
}
