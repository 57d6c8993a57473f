// Avatars: WeChat gives none to developers, so each name gets a letter on a colour of its own.
import { hashOf } from '../text/format.ts';

const COLOURS = [
  ['#ff9a76', '#f2704f'],
  ['#7fb2ff', '#4a86e8'],
  ['#8b93f5', '#5f66d8'],
  ['#c79bf2', '#9b6bd6'],
  ['#ffc35c', '#f09819'],
  ['#5fd0d6', '#1fa2aa'],
  ['#ff8fb1', '#e5668c'],
  ['#9aa5b8', '#6b7890'],
] as const;

type AvatarProps = { readonly name: string; readonly seed: string; readonly kind?: 'person' | 'account' };

export function Avatar({ name, seed, kind = 'person' }: AvatarProps) {
  const [from, to] = kind === 'account' ? ['#3fcf7f', '#07a356'] : COLOURS[hashOf(seed) % COLOURS.length]!;
  const letter = [...name.trim()][0] ?? '?';
  return (
    <span
      class={`avatar of-${kind}`}
      style={{ background: `linear-gradient(145deg, ${from}, ${to})` }}
      aria-hidden="true"
    >
      {letter.toUpperCase()}
    </span>
  );
}
