// The whole language of the rule files, as one shape: the campaign, its rules with everything they may play, its tests.

import { t } from '../../base/words/words.ts';
import { mechanicFields } from '../../mechanics/index.ts';
import { oneTrigger } from '../../triggers/index.ts';
import {
  type Draft,
  type JsonSchema,
  list,
  located,
  object,
  optional,
  required,
  type ShapeOf,
} from '../../yaml/schema.ts';
import { fileFields } from '../schema/file.ts';
import { anyReply } from '../schema/reply.ts';
import { ruleFields } from '../schema/rule.ts';
import { test } from '../schema/test.ts';

const rule = object(t`a rule`, { ...ruleFields, ...mechanicFields });

/** A whole rule file. */
export const ruleFile = object(t`a campaign`, {
  ...fileFields,
  rules: required(list(located(rule), t`a list of rules`), '规则，从上往下第一条匹配的生效'),
  tests: optional(list(located(test), t`a list of tests`, 0), '测试；不通过的文件不会上线'),
});

export type RuleFile = ShapeOf<typeof ruleFile>;
export type ReadRule = RuleFile['rules'][number]['value'];
type ReadTest = NonNullable<RuleFile['tests']>[number]['value'];

/** As the checks see it: any part may be missing. */
export type Written = Draft<RuleFile>;
export type WrittenRule = Draft<ReadRule>;
export type WrittenTest = Draft<ReadTest>;

/** The JSON Schema of a rule file, for editors: `rules/schema.json`. */
export function ruleSchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'hongbao-bot 活动规则',
    ...ruleFile.schema(),
    definitions: { trigger: oneTrigger.schema(), reply: anyReply.schema() },
  };
}
