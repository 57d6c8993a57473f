// Counts what somebody does within a while, and says when it is too much. It lives in the memory of one process, and never
// grows past its bound: where strangers choose the keys, what was not seen for longest is forgotten.
import type { Instant } from '../core/base/time.ts';

export type Limit = {
  readonly max: number;
  readonly windowMs: number;
  /** So long it is too much, once it is. Without it, as long as the window lasts. */
  readonly blockMs?: number;
};

type Limiter = {
  /** Counts one more: 0, or after how many ms it is no longer too much. */
  take(key: string, now: Instant): number;
  /** The same without counting. */
  left(key: string, now: Instant): number;
  readonly size: number;
};

type Window = { count: number; ends: number };

export const KEYS_MAX = 40_000;

export function createLimiter({ max, windowMs, blockMs = 0 }: Limit, keysMax = KEYS_MAX): Limiter {
  const windows = createMemory<Window>(keysMax);
  const longest = Math.max(windowMs, blockMs);
  const current = (key: string, now: Instant): Window | undefined => {
    const window = windows.get(key);
    // A clock that was set back begins a new window too.
    return window && now < window.ends && window.ends - now <= longest ? window : undefined;
  };
  return {
    left(key, now) {
      const window = current(key, now);
      return window && window.count > max ? window.ends - now : 0;
    },
    take(key, now) {
      const window = current(key, now);
      if (!window) {
        windows.set(key, { count: 1, ends: now + windowMs });
        return 0;
      }
      window.count++;
      if (window.count === max + 1) window.ends = Math.max(window.ends, now + blockMs);
      return window.count > max ? window.ends - now : 0;
    },
    get size() {
      return windows.size;
    },
  };
}

type Memory<T> = {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
  readonly size: number;
};

/** Two halves: when the newer one is full the older one is dropped whole. What is asked for moves to the newer one. */
export function createMemory<T>(max: number): Memory<T> {
  let [newer, older] = [new Map<string, T>(), new Map<string, T>()];
  const set = (key: string, value: T): void => {
    if (newer.size >= max / 2 && !newer.has(key)) [newer, older] = [new Map(), newer];
    newer.set(key, value);
  };
  return {
    get(key) {
      const value = newer.get(key) ?? older.get(key);
      if (value !== undefined && !newer.has(key)) set(key, value);
      return value;
    },
    set,
    get size() {
      return newer.size + older.size;
    },
  };
}
