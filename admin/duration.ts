/** A duration as people write it: `90s`, `45m`, `12h`, `3d`. */
export const durationSchema = {
  type: 'string',
  pattern: '^[1-9][0-9]{0,8}[smhd]$',
  description: 'a whole number and a unit (s, m, h or d), such as 45m, 12h or 3d',
} as const;

/** The shortest such text, in the greatest unit that measures it. `seconds` is a whole number above zero. */
export function formatDuration(seconds: number): string {
  const unit = (['d', 'h', 'm'] as const).find((candidate) => seconds % unitSeconds[candidate] === 0) ?? 's';
  return `${seconds / unitSeconds[unit]}${unit}`;
}

const unitSeconds = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Seconds of a text that fits `durationSchema`. */
export function parseDuration(text: string): number {
  const unit = text.at(-1) as keyof typeof unitSeconds;
  return Number(text.slice(0, -1)) * unitSeconds[unit];
}
