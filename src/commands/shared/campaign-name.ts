// A campaign as it was typed → the id under which the store has it: one that was renamed keeps its first.

import type { Config } from '../../config/config.ts';
import { named } from '../../core/rules/renamed.ts';
import { checkRuleFiles } from '../../engine/rulebook.ts';
import { readRuleFiles } from '../../engine/rulebook-files.ts';

/** As it was typed where no rule file has it: the store may know campaigns whose files are gone. */
export async function idInside({ rules }: Config, typed: string): Promise<string> {
  const files = await readRuleFiles([rules]).catch(() => []);
  return named(checkRuleFiles(files).campaigns, typed)?.id ?? typed;
}
