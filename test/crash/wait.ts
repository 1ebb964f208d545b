import { setTimeout as pause } from 'node:timers/promises';

/** Nothing for so long is the end: a slow machine is slow, it does not stand still. */
const QUIET_MS = 240_000;
const POLL_MS = 50;

/** Waits until it is done, or nothing has changed in `seen` for minutes; answers whether it is. */
export async function settles(isDone: () => boolean | Promise<boolean>, seen: () => unknown): Promise<boolean> {
  let last: unknown = seen();
  let since = performance.now();
  while (!(await isDone())) {
    if (performance.now() - since > QUIET_MS) return false;
    await pause(POLL_MS);
    const now = seen();
    if (now === last) continue;
    last = now;
    since = performance.now();
  }
  return true;
}

/** As `settles`, where it has to. `missing` says what there was instead. */
export async function until(
  isDone: () => boolean | Promise<boolean>,
  missing: () => string,
  seen: () => unknown = missing,
): Promise<void> {
  if (!(await settles(isDone, seen))) throw new Error(`nothing happened for ${QUIET_MS / 1000} s: ${missing()}`);
}

/** The number after `--name` on the command line. */
export function numberOption(name: string, otherwise: number): number {
  return Number(textOption(name) ?? otherwise);
}

export function textOption(name: string): string | undefined {
  const place = process.argv.indexOf(name);
  return place < 0 ? undefined : process.argv[place + 1];
}
