// The doctor looks at bot.yaml and the files it names, without a word to anybody.
import { type Config, loadConfig } from '../../config/config.ts';
import type { Environment } from '../../config/environment.ts';
import { BadInput, type Finding } from '../../core/base/error.ts';
import { endingSoon } from '../../core/base/expiry.ts';
import type { Instant } from '../../core/base/time.ts';
import { type Diagnosis, found, ofConfig, wrongIn } from '../../core/ops/diagnosis.ts';

const placeOf = ({ file, line, column }: Finding): string => `${file}:${line}:${column}`;

/** What it is, or everything that is wrong with it. */
export function lookAtFile(
  file: string,
  env: Environment,
  now: Instant,
): { readonly config: Config } | { readonly diagnoses: Diagnosis[] } {
  try {
    return { config: loadConfig(file, env, now) };
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    const { findings } = error;
    if (findings.length === 0) return { diagnoses: [found('config', undefined, { said: error.words, place: file })] };
    return {
      diagnoses: findings.map(each =>
        found(ofConfig(each.message), undefined, { said: wrongIn(each), place: placeOf(each) }),
      ),
    };
  }
}

/** What is no fault today. */
export function lookAhead({ hints = [], dated = [] }: Config, now: Instant): Diagnosis[] {
  return [
    ...hints.map(each =>
      found('hint', undefined, { said: wrongIn(each), place: placeOf(each) }, { sure: 'likely', grave: 'warning' }),
    ),
    ...endingSoon(dated, now).map(({ merchant, words }) =>
      found('cert-ends', merchant, { said: words }, { grave: 'warning' }),
    ),
  ];
}
