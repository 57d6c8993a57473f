// What commander says by itself, in the language of this process: its titles, its defaults, and why it refuses a command line.
import type { Option } from 'commander';
import { l } from './language.ts';

export function titleOf(title: string): string {
  switch (title) {
    case 'Usage:':
      return l`Usage:`;
    case 'Arguments:':
      return l`Arguments:`;
    case 'Options:':
      return l`Options:`;
    case 'Commands:':
      return l`Commands:`;
    default:
      return title;
  }
}

export function optionText({ description, defaultValue, negate }: Option): string {
  if (defaultValue === undefined || negate || typeof defaultValue === 'boolean') return description;
  return `${description}${l` (default: ${JSON.stringify(defaultValue)})`}`;
}

type Refusal = readonly [RegExp, (parts: readonly string[]) => string];

const REFUSALS: readonly Refusal[] = [
  [/^unknown command '(.*)'$/, ([name]) => l`unknown command '${name}'`],
  [/^unknown option '(.*)'$/, ([name]) => l`unknown option '${name}'`],
  [/^missing required argument '(.*)'$/, ([name]) => l`missing required argument '${name}'`],
  [/^option '(.*)' argument missing$/, ([name]) => l`option '${name}' argument missing`],
  [/^required option '(.*)' not specified$/, ([name]) => l`required option '${name}' not specified`],
  [
    /^too many arguments.*Expected (\d+) arguments? but got (\d+)\.$/,
    ([wanted, got]) => l`too many arguments. Expected ${wanted} but got ${got}.`,
  ],
  [/^\(Did you mean (?:one of )?(.*)\?\)$/, ([names]) => l`(Did you mean ${names}?)`],
];

/** As commander says it where we do not know what it says. */
export function refusalOf(text: string): string {
  const lines = text.split('\n').map(line => {
    const said = line.replace(/^error: /, '');
    for (const [pattern, words] of REFUSALS) {
      const match = pattern.exec(said);
      if (match) return `${said === line ? '' : l`error: `}${words(match.slice(1))}`;
    }
    return line;
  });
  return lines.join('\n');
}
