// `lint:` in bot.yaml: how grave each warning of `hongbao check` is, and what the first prize of a draw may be worth.

import { inLang, t } from '../core/base/words/words.ts';
import { LINTS, type LintId, type LintSettings, SEVERITIES, type Severity } from '../core/lint/catalogue.ts';
import { TOP_PRIZE } from '../core/lint/context.ts';
import * as shape from '../core/yaml/schema.ts';

const severity = shape.choice(t`a severity`, SEVERITIES);
type Field = ReturnType<typeof shape.optional<Severity>>;
const ids = Object.keys(LINTS) as LintId[];
const severities = Object.fromEntries(ids.map(id => [id, shape.optional(severity, inLang(LINTS[id].basis, 'zh'))]));

export const LINT = shape.object('lint', {
  ...(severities as Record<LintId, Field>),
  topPrize: shape.optional(shape.money({ min: 1 }), 'the most that the first prize of a draw may be worth'),
});

export function lintOf(written: shape.ShapeOf<typeof LINT> = {}): LintSettings {
  const { topPrize, ...severity } = written;
  return { severity, topPrize: topPrize ?? TOP_PRIZE };
}
