// `${NAME}` in bot.yaml: read from the environment, once, before anything is judged. What a shell, a container or a unit file
// does to a value on its way (a line break at the end, quotes that stay) is named with the variable's name, never the value.

import { t, type Wording } from '../core/base/words/words.ts';
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the text stands for; `undefined`: it was said why not. */
export function substitute(written: string, env: Environment, say: (message: Wording) => void): string | undefined {
  const other = /\$\{(?!\w+\})[^}]*\}?|^\$\w+$|^\$\(.*\)$|^%\w+%$/.exec(written)?.[0];
  if (other !== undefined) {
    const name = /[A-Za-z_]\w*/.exec(other)?.[0] ?? 'NAME';
    say(
      t`"${other.length > 40 ? `${other.slice(0, 40)}…` : other}" reads nothing; the environment is read with \${${name}}, and nothing else inside the braces`,
    );
    return undefined;
  }
  let isWhole = true;
  const text = written.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    const trouble = troubleWith(name, value);
    if (value !== undefined && trouble === undefined) return value;
    say(trouble!);
    isWhole = false;
    return '';
  });
  return isWhole ? text : undefined;
}

function troubleWith(name: string, value: string | undefined): Wording | undefined {
  if (value === undefined) return t`the environment has no ${name}; set it, or write the value here`;
  if (value.trim() === '') return t`the environment has ${name}, but it is empty; set it, or write the value here`;
  if (/[\r\n]$/.test(value))
    return t`${name} in the environment ends with a line break; set it without (printf '%s', not echo)`;
  if (value !== value.trim()) return t`${name} in the environment has blanks around it; set it without`;
  const quote = /^(["']).*\1$/s.exec(value)?.[1];
  if (quote !== undefined)
    return t`${name} in the environment has ${quote} around it as part of the value; set it without (an env file needs no quotes)`;
  return undefined;
}
