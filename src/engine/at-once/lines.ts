// Journal lines of answers that have left: nothing was claimed, so that they may follow, many in one write. Until a line is
// written its answer is kept, for a copy of the event.
import type { Answer, Commit, Log, Store } from '../../ports.ts';

/** So long a line waits for others, and so many are enough. Whoever is killed meanwhile decides the same once more. */
const LINE_WAITS_MS = 20;
const LINES_ENOUGH = 256;

type Lines = {
  /** `key`: account and event. */
  putOff(key: string, commit: Commit): void;
  /** The answer of a line that is not written yet. */
  answerOf(key: string): Answer | undefined;
  written(): Promise<void>;
};

type LinesPorts = {
  readonly store: Pick<Store, 'commit'>;
  readonly log: Log;
  readonly sleep: (ms: number) => Promise<unknown>;
};

/** `lost`: told when a line could not be written. */
export function createLines({ store, log, sleep }: LinesPorts, lost: () => void): Lines {
  const unwritten = new Map<string, Answer>();
  let waiting: (readonly [key: string, commit: Commit])[] = [];
  let isWaiting = false;
  let whenWritten: (() => void)[] = [];
  const settled = (key: string): void => {
    unwritten.delete(key);
    if (unwritten.size > 0) return;
    for (const tell of whenWritten) tell();
    whenWritten = [];
  };
  const flush = (): void => {
    const lines = waiting;
    waiting = [];
    for (const [key, commit] of lines)
      store.commit(commit).then(
        () => settled(key),
        (error: unknown) => {
          lost();
          log.error({ err: error, key: commit.event.key }, 'a journal line was lost');
          settled(key);
        },
      );
  };
  const wait = (): void => {
    if (isWaiting) return;
    isWaiting = true;
    void sleep(LINE_WAITS_MS).then(() => {
      isWaiting = false;
      flush();
    });
  };
  return {
    putOff(key, commit) {
      unwritten.set(key, commit.answer);
      waiting.push([key, commit]);
      if (waiting.length >= LINES_ENOUGH) flush();
      else wait();
    },
    answerOf: key => unwritten.get(key),
    written() {
      flush();
      return unwritten.size === 0 ? Promise.resolve() : new Promise(resolve => whenWritten.push(resolve));
    },
  };
}
