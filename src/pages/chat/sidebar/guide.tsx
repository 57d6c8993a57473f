// For who is here for the first time: what this is, that nothing is real, and three things to do.
import { useState } from 'preact/hooks';
import { Cross, Check as Tick } from '../parts/icons.tsx';
import { useModel } from '../state.ts';
import { wordsOf } from '../text/zh.ts';

const KEY = 'hongbao-guide';

function wasClosed(): boolean {
  try {
    return localStorage.getItem(KEY) === 'closed';
  } catch {
    return false; // a browser that keeps nothing
  }
}

/** `isBrief`: where there is little room it goes by itself when all is done. */
export function Guide({ isBrief = false }: { readonly isBrief?: boolean }) {
  const m = useModel();
  const words = wordsOf(m.lang).guide;
  const [isClosed, setClosed] = useState(wasClosed);
  const hasFollowed = m.people.some(person => person.following);
  const hasOpened = [...m.packets.values()].some(packet => packet.status === 'RECEIVED');
  const steps = [
    [words.follow, hasFollowed],
    [words.open, hasOpened],
    [words.look, m.hasLooked],
  ] as const;
  const isOver = isBrief && steps.every(([, isDone]) => isDone);
  if (isClosed || isOver || !m.loaded) return null;
  const close = (): void => {
    setClosed(true);
    try {
      localStorage.setItem(KEY, 'closed');
    } catch {
      // then it is here again next time
    }
  };
  return (
    <section class="guide" aria-label={words.title} data-test="guide">
      <p>{words.what}</p>
      <ol>
        {steps.map(([name, isDone]) => (
          <li key={name} class={isDone ? 'done' : ''} data-test="guide-step" data-done={isDone}>
            <span class="tick" role="img" aria-label={isDone ? words.done : words.todo}>
              {isDone && <Tick size={12} />}
            </span>
            {name}
          </li>
        ))}
      </ol>
      <button type="button" class="icon" data-test="guide-close" onClick={close} aria-label={words.close}>
        <Cross size={16} />
      </button>
    </section>
  );
}
