/** The longest wait that a `Retry-After` is read as: no event gets older than 30 days. Presets obey less of it. */
export const retryAfterMaxMs = 30 * 86_400_000;

/**
 * Milliseconds from now that a `Retry-After` header asks for (RFC 9110 §10.2.3), clamped to `maxMs`. Fractions of a
 * second, which the RFC does not know but receivers send, are rounded up to the second; a date in the past is 0.
 * `undefined` for no header, and for one that cannot be read: it is as good as none.
 */
export function parseRetryAfter(
  header: string | null | undefined,
  now: number,
  maxMs: number = retryAfterMaxMs,
): number | undefined {
  const text = header?.trim();
  if (!text || text.length > 64) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(maxMs, Math.ceil(Number(text)) * 1000);
  const at = parseHttpDate(text, now);
  return at === undefined ? undefined : Math.min(maxMs, Math.max(0, at - now));
}

/** A negative number is no `Retry-After` either; EventBridge takes it as the wish for no retry at all. */
export function isNegativeRetryAfter(header: string | null | undefined): boolean {
  return /^-\d{1,32}(\.\d{1,32})?$/.test(header?.trim() ?? '') && Number(header) < 0;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

// The three forms of RFC 9110 §5.6.7, in the order in which they are met: IMF-fixdate, RFC 850, asctime.
const forms = [
  /^[A-Z][a-z]{2}, (?<day>\d{2}) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<time>\d{2}:\d{2}:\d{2}) GMT$/,
  /^[A-Z][a-z]{5,8}, (?<day>\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\d{2}) (?<time>\d{2}:\d{2}:\d{2}) GMT$/,
  /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<time>\d{2}:\d{2}:\d{2}) (?<year>\d{4})$/,
];

/** `Date.parse` would also take what is no HTTP date (`1`, `-5`, `2015-10-21`), and differently by engine. */
function parseHttpDate(text: string, now: number): number | undefined {
  for (const form of forms) {
    const groups = form.exec(text)?.groups;
    if (!groups) continue;
    const month = months.indexOf(groups['month'] ?? '');
    const day = Number(groups['day']);
    const [hour = 0, minute = 0, second = 0] = (groups['time'] ?? '').split(':').map(Number);
    if (month < 0 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined;
    return Date.UTC(fullYear(Number(groups['year']), now), month, day, hour, minute, second);
  }
  return undefined;
}

/** A two-digit year more than 50 years ahead means the century before (RFC 9110 §5.6.7). */
function fullYear(year: number, now: number): number {
  if (year >= 100) return year;
  const thisYear = new Date(now).getUTCFullYear();
  const full = thisYear - (thisYear % 100) + year;
  return full > thisYear + 50 ? full - 100 : full;
}
