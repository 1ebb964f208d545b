/**
 * The dates of feeds, in UTC as RFC 3339: RFC 822 with two or four digits of a year (RSS), RFC 3339 and the shorter forms of
 * W3C's note (Atom, Dublin Core). `undefined` for what is none; `Date.parse` would read more, and differently by engine.
 */
export function toRfc3339(text: string | undefined): string | undefined {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '' || trimmed.length > 64) return undefined;
  const time = fromIso(trimmed) ?? fromRfc822(trimmed);
  return time === undefined || !Number.isFinite(time) ? undefined : new Date(time).toISOString();
}

const iso =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?([Zz]|[+-]\d{2}:?\d{2})?)?)?)?$/;

function fromIso(text: string): number | undefined {
  const parts = iso.exec(text);
  if (parts === null) return undefined;
  const [, year, month = '1', day = '1', hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = parts;
  const time = utc([year, month, day, hour, minute, second].map(Number));
  if (time === undefined) return undefined;
  return time + Math.floor(Number(`0.${fraction || '0'}`) * 1000) - offsetOf(zone) * 60_000;
}

const rfc822 =
  /^(?:[A-Za-z]{3,9}\.?,?\s+)?(\d{1,2})[\s-]+([A-Za-z]{3})[A-Za-z]*\.?,?[\s-]+(\d{2}|\d{4}),?(?:\s+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?)?(?:\s*([+-]\d{2}:?\d{2}|[A-Za-z]{1,4}))?(?:\s*\([^)]*\))?$/;

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

function fromRfc822(text: string): number | undefined {
  const parts = rfc822.exec(text);
  if (parts === null) return undefined;
  const [, day, month = '', year = '', hour = '0', minute = '0', second = '0', zone = 'GMT'] = parts;
  const number = months.indexOf(month.toLowerCase()) + 1;
  // RFC 2822, 4.3: two digits below 50 are of this century.
  const full = year.length === 4 ? Number(year) : Number(year) + (Number(year) < 50 ? 2000 : 1900);
  const time = utc([full, number, Number(day), Number(hour), Number(minute), Number(second)]);
  return time === undefined ? undefined : time - offsetOf(zone) * 60_000;
}

function utc([year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0]: readonly number[]): number | undefined {
  if (month < 1 || month > 12 || day < 1 || hour > 24 || minute > 59 || second > 60) return undefined;
  // The 31st of a month without one is no date.
  if (day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** Of RFC 822; others mean UTC, as RFC 2822 says of those that it does not know. */
const zones: Readonly<Record<string, number>> = {
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
};

/** In minutes. */
function offsetOf(zone: string): number {
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone) ?? [];
  if (sign === undefined) return (Object.hasOwn(zones, zone.toUpperCase()) ? (zones[zone.toUpperCase()] ?? 0) : 0) * 60;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
