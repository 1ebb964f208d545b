/** One alarm at a time; setting it again replaces it. It rings once. */
export interface Alarm {
  set(at: number): void;
  clear(): void;
}

/** Timers count on when the clock is set: look at it now and then. */
const LOOK_EVERY_MS = 60_000;

export function createAlarm(ring: () => void, now: () => number): Alarm {
  let timer: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;

  function clear(): void {
    clearTimeout(timer);
    clearImmediate(immediate);
  }

  function set(at: number): void {
    clear();
    const wait = at - now();
    // A timer takes a millisecond at least.
    if (wait <= 0) immediate = setImmediate(ring);
    else timer = setTimeout(() => (now() < at ? set(at) : ring()), Math.min(wait, LOOK_EVERY_MS));
  }

  return { set, clear };
}
