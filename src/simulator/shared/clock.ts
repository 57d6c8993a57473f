// A clock that can be moved: real time plus an offset. The bot and the simulator of a demo share one.

export type MovableClock = {
  /** Milliseconds since 1970, moved. */
  now(): number;
  offsetMs(): number;
  setOffset(ms: number): void;
};

/** `realNow` is the only source of time; chance and clocks are arguments here as everywhere. */
export function movableClock(realNow: () => number): MovableClock {
  let offset = 0;
  return {
    now: () => realNow() + offset,
    offsetMs: () => offset,
    setOffset: ms => {
      offset = Math.trunc(ms);
    },
  };
}

/** In which time whoever talks to us lives: real, or, where they share our clock, moved. */
export function wireTime(given: { readonly clock: MovableClock; readonly callersInRealTime?: boolean }): () => number {
  const { clock, callersInRealTime = false } = given;
  return callersInRealTime ? () => clock.now() - clock.offsetMs() : () => clock.now();
}
