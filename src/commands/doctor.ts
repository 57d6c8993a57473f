// `hongbao doctor`: what is wrong with the set-up, how sure that is, and where to click. It changes nothing anywhere.

import type { Config } from '../config/config.ts';
import { defaultConfigFile } from '../config/config.ts';
import { BadInput, messageOf, showFinding } from '../core/base/error.ts';
import { instant } from '../core/base/time.ts';
import { langFrom } from '../core/base/words/language.ts';
import type { Diagnosis } from '../core/ops/diagnosis.ts';
import { type Language, SURE, wordsOf } from '../core/ops/diagnosis-words.ts';
import type { Campaign } from '../core/rules/campaign.ts';
import { checkRuleFiles } from '../engine/rulebook.ts';
import { readRuleFiles } from '../engine/rulebook-files.ts';
import { examine } from '../setup/doctor/doctor.ts';
import { type Common, EXIT, print, printJson } from './shared/context.ts';
import { language as spokenLanguage } from './shared/language.ts';

export type DoctorOptions = Common & { readonly lang?: string };

/** So many findings of rule files are named; `hongbao check` has the rest. */
const RULES_NAMED = 3;

export async function doctor(options: DoctorOptions): Promise<number> {
  const language = langFrom(options.lang) ?? spokenLanguage();
  const file = options.config ?? defaultConfigFile();
  const found = await examine(file, { env: process.env, clock: () => instant(Date.now()), rules: rulesOf });
  const isBroken = found.some(({ grave }) => grave === 'broken');
  if (options.json) printJson(found.map(each => ({ ...each, ...wordsOf(each, language) })));
  else if (found.length === 0) print(language === 'zh' ? `${file}：一切正常` : `${file}: all is well`);
  else for (const each of found) print(shown(each, language));
  return isBroken ? EXIT.findings : EXIT.fine;
}

function shown(each: Diagnosis, language: Language): string {
  const { what, fix } = wordsOf(each, language);
  const mark = each.grave === 'broken' ? '✗' : '!';
  const about = each.about === undefined ? '' : `${each.about}: `;
  return `${mark} ${about}${what}  [${each.id}, ${SURE[language][each.sure]}]\n    → ${fix}`;
}

async function rulesOf(config: Config): Promise<{ campaigns: readonly Campaign[] } | { wrong: readonly string[] }> {
  try {
    const { campaigns, findings } = checkRuleFiles(await readRuleFiles([config.rules]), config);
    return findings.length === 0 ? { campaigns } : { wrong: findings.slice(0, RULES_NAMED).map(showFinding) };
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return { wrong: [messageOf(error)] };
  }
}
