/** Does one thing with one line; the number keeps the work from being optimised away. */
export type Contender = (line: string) => number;

/**
 * The best time of each contender, in nanoseconds a line. They take turns over short stretches of the lines, so that
 * whatever else the machine does hits all of them alike.
 */
export function bestTimes(contenders: readonly Contender[], lines: readonly string[], rounds: number): number[] {
  const stretch = 2000;
  const sums = contenders.map(() => 0);
  let counted = 0;
  for (let start = 0; start < lines.length; start += stretch) {
    const part = lines.slice(start, start + stretch);
    const best = contenders.map(() => Infinity);
    for (let round = 0; round < rounds; round++) {
      for (const [i, contender] of contenders.entries()) best[i] = Math.min(best[i] ?? 0, timeOf(contender, part));
    }
    // The first stretch is where the compiler warms up.
    if (start === 0 && lines.length > stretch) continue;
    counted += part.length;
    for (const [i, time] of best.entries()) sums[i] = (sums[i] ?? 0) + time;
  }
  return sums.map((sum) => sum / counted);
}

/** Bytes of the heap in use, after a collection where `--expose-gc` allows one. */
export function heapUsed(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}

let sink = 0;

function timeOf(contender: Contender, lines: readonly string[]): number {
  const start = process.hrtime.bigint();
  for (const line of lines) sink += contender(line);
  return Number(process.hrtime.bigint() - start);
}

/** What all contenders did, together. */
export function checksum(): number {
  return sink;
}
