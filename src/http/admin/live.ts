// What changes at the dashboard by itself (SSE): one look at the store every few seconds for all pages that are open, told only
// where something is different. No page open: nobody looks.
import type { Context } from 'koa';
import { SECOND } from '../../core/base/time.ts';

const LOOK_MS = 3 * SECOND;
const BEAT_EVERY = 5;
const OPEN_MAX = 200;
/** Of one session: more tabs than anybody looks at. The oldest makes room. */
const OF_SESSION_MAX = 12;
/** Who has so much unread is gone, or sleeps: its browser asks anew. */
const UNREAD_MAX = 64 * 1024;

type Listener = {
  readonly session: string;
  readonly tell: (text: string) => void;
  readonly end: (last?: string) => void;
  readonly isValid: () => boolean;
};

type LivePulse = { open(ctx: Context, session: string, isValid: () => boolean): void; stop(): void };

/** `look`: what is so now; anything of it that changes is news. `session`: whose page it is; `isValid`: whether that still lives. */
export function createPulse(look: () => Promise<object>): LivePulse {
  const listeners = new Set<Listener>();
  let [last, beats] = ['', 0];
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;

  const turn = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      const now = JSON.stringify(await look().catch(() => ({ away: true })));
      const text = now !== last ? `data: ${now}\n\n` : ++beats % BEAT_EVERY === 0 ? ': still here\n\n' : '';
      last = now;
      for (const each of [...listeners])
        if (!each.isValid()) each.end('event: gone\ndata: {}\n\n');
        else if (text !== '') each.tell(text);
    } finally {
      isLooking = false;
    }
  };
  return {
    open(ctx, session, isValid) {
      const own = [...listeners].filter(each => each.session === session);
      if (own.length >= OF_SESSION_MAX) own[0]!.end();
      if (listeners.size >= OPEN_MAX) {
        ctx.status = 503;
        ctx.body = '';
        return;
      }
      ctx.respond = false;
      const { res } = ctx;
      const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' };
      ctx.set(headers);
      ctx.status = 200;
      res.flushHeaders();
      const listener: Listener = {
        ...{ session, isValid },
        tell: text => void (res.writableLength > UNREAD_MAX ? res.destroy() : res.write(text)),
        end(text) {
          listeners.delete(listener);
          res.end(text);
        },
      };
      listeners.add(listener);
      res.write(last === '' ? ': welcome\n\n' : `data: ${last}\n\n`);
      timer ??= setInterval(() => void turn(), LOOK_MS).unref();
      res.once('close', () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      });
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
      for (const each of [...listeners]) each.end();
    },
  };
}
