// `lint:` in bot.yaml: how grave each warning of `hongbao check` is, and what the first prize of a draw may be worth.

import { keysOf, recordOf } from '../core/base/record.ts';
import { inLang, t } from '../core/base/words/words.ts';
import { LINTS, type LintSettings, SEVERITIES } from '../core/lint/catalogue.ts';
import { TOP_PRIZE } from '../core/lint/context.ts';
import * as shape from '../core/yaml/schema.ts';

const severity = shape.choice(t`a severity`, SEVERITIES);
const severities = recordOf(keysOf(LINTS), id => shape.optional(severity, inLang(LINTS[id].basis, 'zh')));

export const LINT = shape.object('lint', {
  ...severities,
  topPrize: shape.optional(shape.money({ min: 1 }), 'the most that the first prize of a draw may be worth'),
});

export function lintOf(written: shape.ShapeOf<typeof LINT> = {}): LintSettings {
  const { topPrize, ...severity } = written;
  return { severity, topPrize: topPrize ?? TOP_PRIZE };
}
