// The Chinese of every text, by its English; one file an area. A test names what is missing, and what nobody says any more.

import { BOT_YAML } from './bot-yaml.ts';
import { CAMPAIGNS } from './campaigns.ts';
import { COMMANDS } from './commands.ts';
import { FILES } from './files.ts';
import { HELP } from './help.ts';
import { LEDGER } from './ledger.ts';
import { LINT } from './lint.ts';
import { LISTS } from './lists.ts';
import { LIVE } from './live.ts';
import { NAMING } from './naming.ts';
import { OUTPUTS } from './outputs.ts';
import { REPAIR } from './repair.ts';
import { RULES } from './rules.ts';
import { RUNNING } from './running.ts';
import { SLIPS } from './slips.ts';
import { VERDICTS } from './verdicts.ts';
import { YAML } from './yaml.ts';

export const ZH: Readonly<Record<string, string>> = {
  ...YAML,
  ...RULES,
  ...LINT,
  ...LIVE,
  ...LISTS,
  ...COMMANDS,
  ...SLIPS,
  ...CAMPAIGNS,
  ...OUTPUTS,
  ...FILES,
  ...HELP,
  ...RUNNING,
  ...BOT_YAML,
  ...VERDICTS,
  ...NAMING,
  ...LEDGER,
  ...REPAIR,
};
