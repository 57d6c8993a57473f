// How far long work has come, on standard error: one line that is written over on a terminal, a line every 10 % elsewhere.
import { visible, visibleLines } from '../../core/base/text.ts';

export type Progress = {
  show(done: number, total: number, detail?: string): void;
  /** A line of its own in between. */
  note(text: string): void;
  end(): void;
};

/** Of a stream no more than that is asked. */
type Screen = { readonly isTTY?: boolean; write(text: string): unknown };

const REDRAW_MS = 100;

export function progress(label: string, stream: Screen = process.stderr): Progress {
  let drawnAt = 0;
  let tenths = 0;
  let isOpen = false;
  const clear = (): void => {
    if (isOpen) stream.write('\r\u001b[K');
    isOpen = false;
  };
  return {
    show(done, total, detail = '') {
      const line = `${label}: ${done}/${total}${detail && `  ${visible(detail)}`}`;
      if (stream.isTTY) {
        const now = Date.now();
        if (now - drawnAt < REDRAW_MS && done < total) return;
        drawnAt = now;
        stream.write(`\r\u001b[K${line}`);
        isOpen = true;
        return;
      }
      const reached = total === 0 ? 10 : Math.floor((done * 10) / total);
      if (reached <= tenths) return;
      tenths = reached;
      stream.write(`${line}\n`);
    },
    note(text) {
      clear();
      stream.write(`${visibleLines(text)}\n`);
    },
    end() {
      if (isOpen) stream.write('\n');
      isOpen = false;
    },
  };
}
