// The rules that are live, as far as they can be read, for commands that explain.

import type { Config } from '../../config/config.ts';
import type { Live } from '../../core/analysis/explain.ts';
import { t } from '../../core/base/words/words.ts';
import { checkRuleFiles } from '../../engine/rulebook.ts';
import { readRuleFiles } from '../../engine/rulebook-files.ts';
import { printNote } from '../shared/context.ts';

/** Mistakes in the rules are `hongbao check`'s business: the files that are fine explain as far as they go. */
export async function liveOf(config: Config): Promise<Live> {
  const { campaigns, findings } = checkRuleFiles(await readRuleFiles([config.rules]), config);
  if (findings.length > 0)
    printNote(t`the rule files have ${findings.length} findings (\`hongbao check\`): some are left out`);
  return { campaigns, accounts: [...config.accounts.keys()] };
}
