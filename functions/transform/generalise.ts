import { networkOf } from './ip-address.ts';
import { hidden } from './mask.ts';
import type { Treatment } from './rewrite.ts';

/** Exactly one of `date`, `ip` and `number`; `ipv6` stands beside `ip`. */
export interface GeneraliseSpec {
  readonly date?: 'year' | 'month' | 'day';
  /** Leading bits that are kept of an IPv4 address. */
  readonly ip?: number;
  /** Leading bits that are kept of an IPv6 address; default: 48. */
  readonly ipv6?: number;
  /** The size of a bucket. */
  readonly number?: number;
}

/** Makes values less exact. What is not such a value is hidden whole: it may be anything. Null stays. */
export function generalised({ date, ip, ipv6 = 48, number }: GeneraliseSpec): Treatment {
  const general = (value: unknown): unknown => {
    if (typeof value === 'number') return number === undefined ? undefined : bucketOf(value, number);
    if (typeof value !== 'string') return undefined;
    if (date !== undefined) return partOfDate(value, date);
    if (ip !== undefined) return networkOf(value, { ipv4: ip, ipv6 });
    if (number === undefined || !/^-?\d{1,15}(?:\.\d{1,15})?$/.test(value)) return undefined;
    return bucketOf(Number(value), number)?.toString();
  };
  return (value) => (value === null ? null : (general(value) ?? hidden));
}

/** The lower bound of the bucket; `undefined` for numbers that are not exact enough to have one. */
function bucketOf(value: number, size: number): number | undefined {
  const quotient = value / size;
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER || Math.abs(quotient) > Number.MAX_SAFE_INTEGER) return undefined;
  // 0.3 / 0.1 is 2.9999999999999996, and 3 * 0.1 is 0.30000000000000004.
  const nearest = Math.round(quotient);
  const isBound = Math.abs(quotient - nearest) <= Math.abs(quotient) * 4 * Number.EPSILON;
  const bound = (isBound ? nearest : Math.floor(quotient)) * size;
  return Number.isInteger(size) ? bound + 0 : Number(bound.toPrecision(15)) + 0;
}

/** An ISO 8601 date, perhaps with a time: as it was written, in the time zone it was written in. */
const datePattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](?:[01]\d|2[0-4]):[0-5]\d(?::[0-6]\d(?:[.,]\d{1,9})?)?(?:[Zz]|[+-]\d\d(?::?\d\d)?)?)?$/;
const lengthOfPart = { year: 4, month: 7, day: 10 } as const;

function partOfDate(text: string, part: keyof typeof lengthOfPart): string | undefined {
  const [, year, month, day] = datePattern.exec(text) ?? [];
  if (day === undefined) return undefined;
  // The thirtieth of February would become the second of March.
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const isReal = date.getUTCFullYear() === Number(year) && date.getUTCDate() === Number(day);
  return isReal ? text.slice(0, lengthOfPart[part]) : undefined;
}
