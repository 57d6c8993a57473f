// In which language somebody is spoken to: by `--lang`, else by `lang:` in bot.yaml, else by the locale.
import { LANGS, type Lang } from './words.ts';

/** `zh_CN.UTF-8` and the like: Chinese. `C`, nothing, and every other language: English. */
function langOfLocale(env: Readonly<Record<string, string | undefined>>): Lang {
  const locale = [env.LC_ALL, env.LC_MESSAGES, env.LANG].find(each => each !== undefined && each !== '') ?? '';
  return /^zh|^chinese/i.test(locale) ? 'zh' : 'en';
}

/** `asked` and `set` absent: not said there, or no language that we know. */
export function chooseLang(
  asked: string | undefined,
  set: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Lang {
  return langFrom(asked) ?? langFrom(set) ?? langOfLocale(env);
}

export function langFrom(text: string | undefined): Lang | undefined {
  return LANGS.find(each => each === text);
}
