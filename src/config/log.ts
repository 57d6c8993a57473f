// `log:` in bot.yaml: how much is logged, and whether followers are named in full. Secrets never are: which texts those are
// is known from where bot.yaml is read.
import { t } from '../core/base/words/words.ts';
import * as shape from '../core/yaml/schema.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogSettings = {
  readonly level?: (typeof LEVELS)[number];
  /** `short`: the two ends of an openid, by which it is found again, and nobody is known. */
  readonly openids: 'short' | 'full';
  /** Cut out of every line, wherever they stand. */
  readonly secrets: readonly string[];
};

export const LOG = shape.optional(
  shape.object('log', {
    level: shape.optional(shape.choice(t`a log level`, LEVELS), 'what is less grave is left out (default: info)'),
    openids: shape.optional(shape.choice(t`how openids are logged`, ['short', 'full']), 'short (default) or full'),
  }),
  'what the log says',
);

/** `secrets`: the values that bot.yaml, read with these shapes, must not show. `store`: its address may hold a password. */
export function logOf(
  written: shape.ShapeOf<typeof LOG.shape> | undefined,
  secrets: readonly string[],
  store: string,
): LogSettings {
  const [, password] = /^redis[^/]*:\/\/[^/]*?:([^/]*)@/.exec(store) ?? [];
  const all = [...secrets, ...(password ? [password, decoded(password)] : [])];
  return { ...(written?.level && { level: written.level }), openids: written?.openids ?? 'short', secrets: all };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
