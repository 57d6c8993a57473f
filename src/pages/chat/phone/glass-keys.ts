// The small glasses beside the lines are one stop of the keyboard: arrows go from one to the next, as in a list.

export function onGlassKey(event: KeyboardEvent): void {
  if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
  const list = event.currentTarget as HTMLElement;
  const all = [...list.querySelectorAll<HTMLElement>('.glass')];
  const here = all.indexOf(event.target as HTMLElement);
  if (here < 0) return;
  const next = all[here + (event.key === 'ArrowUp' ? -1 : 1)];
  event.preventDefault();
  next?.focus();
}
