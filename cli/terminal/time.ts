import { usageError } from '../command.ts';

/** RFC 3339, milliseconds since 1970, or how long ago: `90s`, `15m`, `2h`, `7d`. In milliseconds since 1970. */
export function readTime(option: string, text: string | undefined, now: number = Date.now()): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * (unitMs[unit] ?? 0);
  const at = /^\d{1,16}$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isNaN(at)) return at;
  throw usageError(`--${option} is no time.`, `Give one such as 2026-01-31T12:00:00Z, or 2h for two hours ago.`);
}

/** A whole number from `least` to `most`. */
export function readCount(
  option: string,
  text: string | undefined,
  { least = 1, most = Number.MAX_SAFE_INTEGER, absent }: { least?: number; most?: number; absent: number },
): number {
  if (text === undefined) return absent;
  const count = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= least && count <= most) return count;
  throw usageError(`--${option} is no number that can be used here.`, `Give a whole number from ${least} on.`);
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
