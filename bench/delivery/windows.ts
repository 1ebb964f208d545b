/** What was measured in one short stretch of time. */
export interface Window {
  /** Milliseconds; not sorted. */
  readonly latencies: readonly number[];
}

/** A quantile before and after. Windows of one index were measured in the same round. */
export interface Comparison {
  /** Medians of the windows' quantiles, in milliseconds. */
  readonly before: number;
  readonly after: number;
  /** Of these medians: a stall of the machine in one window does not move it. */
  readonly ratio: number;
  /** In which 95 % of the ratios lie when rounds are drawn anew, with replacement. */
  readonly interval: string;
  /** The quantiles of all latencies together: here a stall counts. */
  readonly pooled: number;
}

const DRAWS = 2_000;

export function compareWindows(before: readonly Window[], after: readonly Window[], quantile: number): Comparison {
  const left = before.map(({ latencies }) => at(latencies, quantile));
  const right = after.map(({ latencies }) => at(latencies, quantile));
  const ratioOf = (rounds: readonly number[]): number =>
    at(
      rounds.map((round) => right[round] ?? Number.NaN),
      0.5,
    ) /
    at(
      rounds.map((round) => left[round] ?? Number.NaN),
      0.5,
    );
  const rounds = left.map((_, round) => round);
  const draws = Array.from({ length: DRAWS }, () =>
    ratioOf(rounds.map(() => Math.floor(Math.random() * rounds.length))),
  );
  return {
    before: round2(at(left, 0.5)),
    after: round2(at(right, 0.5)),
    ratio: round2(ratioOf(rounds)),
    interval: `${round2(at(draws, 0.025))}–${round2(at(draws, 0.975))}`,
    pooled: round2(at(pool(after), quantile) / at(pool(before), quantile)),
  };
}

function pool(windows: readonly Window[]): readonly number[] {
  return windows.flatMap(({ latencies }) => latencies);
}

/** By linear interpolation between the two nearest. */
function at(values: readonly number[], quantile: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const place = (sorted.length - 1) * quantile;
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  return low + ((sorted[Math.ceil(place)] ?? Number.NaN) - low) * (place % 1);
}

function round2(value: number): number {
  return Number(value.toFixed(2));
}
