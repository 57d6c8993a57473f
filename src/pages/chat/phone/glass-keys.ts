// The small glasses beside the lines are one stop of the keyboard: arrows go from one to the next, as in a list.
import type { TargetedKeyboardEvent } from 'preact';

export function onGlassKey(event: TargetedKeyboardEvent<HTMLElement>): void {
  const { currentTarget: list, target } = event;
  if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
  const all = [...list.querySelectorAll<HTMLElement>('.glass')];
  const here = target instanceof HTMLElement ? all.indexOf(target) : -1;
  if (here < 0) return;
  const next = all[here + (event.key === 'ArrowUp' ? -1 : 1)];
  event.preventDefault();
  next?.focus();
}
