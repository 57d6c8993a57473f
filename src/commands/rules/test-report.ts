// What `hongbao test` shows of a failure and of what no test reaches.

import type { Coverage, Reachable } from '../../core/analysis/coverage.ts';
import type { TestFailure } from '../../core/analysis/run-tests.ts';
import { showFen } from '../../core/base/money.ts';
import { beijingText } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import type { RuleTest, TestAction } from '../../core/rules/test.ts';

import { widthOf } from '../shared/context.ts';
import { l, worded } from '../shared/language.ts';

/** Everything that differs at one event, with its place and what the follower did. */
export function showFailure(file: string, test: RuleTest, failures: readonly TestFailure[]): string {
  const { line, column, event } = failures[0]!;
  const written = event === undefined ? undefined : test.events[event - 1];
  const what = written
    ? l`event ${event}, ${beijingText(written.at).slice(0, 19)}, ${written.user}: ${actionText(written.action)}`
    : l`after all events`;
  const differences = failures.map(({ expected, got }) => differenceOf(expected, worded(got)));
  return [`    ${file}:${line}:${column}: ${what}`, ...differences].join('\n');
}

function actionText(action: TestAction): string {
  switch (action.kind) {
    case 'subscribe':
      if (action.invitedBy !== undefined) return l`subscribe, invited by ${action.invitedBy}`;
      return action.scene === undefined ? 'subscribe' : l`subscribe through ${action.scene}`;
    case 'scan':
      return `scan ${action.scene}`;
    case 'text':
      return `text ${JSON.stringify(action.text)}`;
    case 'click':
      return `click ${action.button}`;
    case 'view':
      return `view ${action.url}`;
    case 'scancode':
      return `scancode ${action.button} ${JSON.stringify(action.result)}`;
    case 'paid':
      return `paid ${showFen(action.amount)}`;
    case 'refunded':
      return `refunded ${action.order}`;
    default:
      return action.kind;
  }
}

// ── Expected and got ─────────────────────────────────────────────────────────────────────────────────────────

const INDENT = '        ';
const HEADS = { expected: t`expected  `, got: t`got       ` };
/** Of a long text the part around the difference. */
const AROUND = 40;

/** One above the other; of two texts that are partly the same, what differs is marked. */
function differenceOf(expected: string, got: string): string {
  const plain = [`${INDENT}${worded(HEADS.expected)}${expected}`, `${INDENT}${worded(HEADS.got)}${got}`];
  const [, head = '', wanted] = /^((?:inviter: )?reply )(".*")$/s.exec(expected) ?? [];
  if (wanted === undefined || !got.startsWith('"')) return plain.join('\n');
  const [from, toWanted, toGot] = spanOf([...wanted], [...got]);
  return [
    ...marked(`${worded(HEADS.expected)}${head}`, [...wanted], from, toWanted),
    ...marked(`${worded(HEADS.got)}${head}`, [...got], from, toGot),
  ].join('\n');
}

/** Where two texts differ: what is before and behind is the same in both. */
function spanOf(a: readonly string[], b: readonly string[]): [from: number, toA: number, toB: number] {
  const most = Math.min(a.length, b.length);
  let from = 0;
  while (from < most && a[from] === b[from]) from++;
  let behind = 0;
  while (behind < most - from && a[a.length - 1 - behind] === b[b.length - 1 - behind]) behind++;
  return [from, a.length - behind, b.length - behind];
}

/** A caret under each column that differs; where something is missing, one where it would be. */
function marked(head: string, text: readonly string[], from: number, to: number): [line: string, carets: string] {
  const start = Math.max(0, from - AROUND);
  const end = Math.min(text.length, to + AROUND);
  const before = `${INDENT}${head}${start > 0 ? '…' : ''}`;
  const line = `${before}${text.slice(start, end).join('')}${end < text.length ? '…' : ''}`;
  const indent = widthOf(before) + widthOf(text.slice(start, from).join(''));
  return [line, ' '.repeat(indent) + '^'.repeat(Math.max(1, widthOf(text.slice(from, to).join(''))))];
}

// ── Coverage ─────────────────────────────────────────────────────────────────────────────────────────────────

export function showCoverage({ file, total, reached, missing }: Coverage): string[] {
  const percent = total === 0 ? 100 : Math.floor((reached / total) * 1000) / 10;
  return [
    l`${file}: ${percent} % (${reached} of ${total})`,
    ...missing.map(each => l`    ${file}:${each.line}:${each.column}: no test reaches ${missingText(each)}`),
  ];
}

function missingText({ kind, name, rule }: Reachable): string {
  switch (kind) {
    case 'rule':
      return l`the rule "${name}"`;
    case 'prize':
      return l`the prize "${name}"`;
    case 'outcome':
      return l`${name} of "${rule}"`;
    case 'reply':
      return rule === undefined ? l`the text for ${name}` : l`the text for ${name} of "${rule}"`;
    default:
      return kind satisfies never;
  }
}
