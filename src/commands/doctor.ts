// `hongbao doctor`: what is wrong with the set-up, how sure that is, and where to click. It changes nothing anywhere.

import type { Config } from '../config/config.ts';
import { defaultConfigFile } from '../config/config.ts';
import { BadInput, type Finding, showFindingIn } from '../core/base/error.ts';
import { instant } from '../core/base/time.ts';
import { inBoth, type Wording } from '../core/base/words/words.ts';
import type { Diagnosis } from '../core/ops/diagnosis.ts';
import { factsOf, type Language, SURE, wordsOf } from '../core/ops/diagnosis-words.ts';
import type { Campaign } from '../core/rules/campaign.ts';
import { checkRuleFiles } from '../engine/rulebook.ts';
import { readRuleFiles } from '../engine/rulebook-files.ts';
import { examine } from '../setup/doctor/doctor.ts';
import { type Common, EXIT, print, printJson } from './shared/context.ts';
import { l, language } from './shared/language.ts';

/** So many findings of rule files are named; `hongbao check` has the rest. */
const RULES_NAMED = 3;

export async function doctor(options: Common): Promise<number> {
  const lang = language();
  const file = options.config ?? defaultConfigFile();
  const found = await examine(file, { env: process.env, clock: () => instant(Date.now()), rules: rulesOf });
  const isBroken = found.some(({ grave }) => grave === 'broken');
  if (options.json) printJson(found.map(each => ({ ...each, facts: factsOf(each, lang), ...wordsOf(each, lang) })));
  else if (found.length === 0) print(l`${file}: all is well`);
  else for (const each of found) print(shown(each, lang));
  return isBroken ? EXIT.findings : EXIT.fine;
}

function shown(each: Diagnosis, lang: Language): string {
  const { what, fix } = wordsOf(each, lang);
  const mark = each.grave === 'broken' ? '✗' : '!';
  const about = each.about === undefined ? '' : `${each.about}: `;
  return `${mark} ${about}${what}  [${each.id}, ${SURE[lang][each.sure]}]\n    → ${fix}`;
}

const shownOf = (each: Finding): Wording => inBoth(showFindingIn('en', each), showFindingIn('zh', each));

/** What is wrong with its rules is said in short. */
export async function rulesOf(
  config: Config,
): Promise<{ campaigns: readonly Campaign[] } | { wrong: readonly Wording[] }> {
  try {
    const { campaigns, findings } = checkRuleFiles(await readRuleFiles([config.rules]), config);
    return findings.length === 0 ? { campaigns } : { wrong: findings.slice(0, RULES_NAMED).map(shownOf) };
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return { wrong: [error.words] };
  }
}
