// In which language this process speaks to whoever started it. Set once, before a command is looked for: `--help` is told in it too.

import { BYTES_MAX, defaultConfigFile } from '../../config/config.ts';
import { BadInput } from '../../core/base/error.ts';
import { chooseLang, langFrom } from '../../core/base/words/language.ts';
import { inLang, LANGS, type Lang, t, type Wording } from '../../core/base/words/words.ts';
import { readTextSync } from '../../lib/plain-file.ts';

let spoken: Lang = 'en';

export function speak(lang: Lang): void {
  spoken = lang;
}

export function language(): Lang {
  return spoken;
}

/** A text at once in the language of this process; what is passed on, and only shown later, is made with `t`. */
export function l(texts: TemplateStringsArray, ...values: readonly (Wording | number | undefined)[]): string {
  return inLang(t(texts, ...values), spoken);
}

export function worded(said: Wording): string {
  return inLang(said, spoken);
}

/** By the arguments, the configuration they name, and the environment. Throws `BadInput` for a language that we do not speak. */
export function languageOf(args: readonly string[]): Lang {
  const asked = valueIn('--lang', args);
  if (asked !== undefined && langFrom(asked) === undefined)
    throw new BadInput(t`--lang ${asked}: expected one of ${LANGS.join(', ')}`);
  return chooseLang(asked, asked ?? langIn(valueIn('--config', args) ?? defaultConfigFile()), process.env);
}

function valueIn(option: string, args: readonly string[]): string | undefined {
  const end = args.indexOf('--');
  const own = end < 0 ? args : args.slice(0, end);
  const at = own.lastIndexOf(option);
  const glued = own.find(each => each.startsWith(`${option}=`))?.slice(option.length + 1);
  return at >= 0 ? own[at + 1] : glued;
}

/** A glance: the file may be missing or wrong, and whoever needs it says so. */
function langIn(file: string): string | undefined {
  const text = readTextSync(file, BYTES_MAX);
  return typeof text === 'string' ? /^lang:[ \t]*["']?(\w+)/m.exec(text)?.[1] : undefined;
}
