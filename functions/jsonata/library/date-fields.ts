/** The value of a picture's component at a time in UTC: a number, or a text for am and pm, calendar and era. */
export function dateField(date: Date, component: string): number | string | undefined {
  switch (component) {
    case 'Y':
      return date.getUTCFullYear();
    case 'M':
      return date.getUTCMonth() + 1;
    case 'D':
      return date.getUTCDate();
    case 'd':
      return (startOfDay(date) - Date.UTC(date.getUTCFullYear(), 0)) / day + 1;
    case 'F':
      return date.getUTCDay() === 0 ? 7 : date.getUTCDay();
    case 'W':
      return weekOf(date, 'year').week;
    case 'w':
      return weekOf(date, 'month').week;
    case 'X':
      return weekOf(date, 'year').period.year;
    case 'x':
      return weekOf(date, 'month').period.month + 1;
    case 'H':
      return date.getUTCHours();
    case 'h':
      return date.getUTCHours() % 12 === 0 ? 12 : date.getUTCHours() % 12;
    case 'P':
      return date.getUTCHours() >= 12 ? 'pm' : 'am';
    case 'm':
      return date.getUTCMinutes();
    case 's':
      return date.getUTCSeconds();
    case 'f':
      return date.getUTCMilliseconds();
    case 'C':
    case 'E':
      return 'ISO';
    default:
      return undefined;
  }
}

export const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

/** Monday is the first day, as in ISO 8601. */
export const dayNames = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;

const day = 24 * 60 * 60 * 1000;

/** A year, by its January, or a month. */
interface Period {
  readonly year: number;
  readonly month: number;
}

/**
 * Weeks start on Mondays, and the first one is that with the first Thursday of the period (ISO 8601 for years; XPath
 * has the same for months). The days before it count to the period before, those behind the last one to the next.
 */
function weekOf(date: Date, unit: 'year' | 'month'): { week: number; period: Period } {
  const today = startOfDay(date);
  let period: Period = { year: date.getUTCFullYear(), month: unit === 'year' ? 0 : date.getUTCMonth() };
  if (today < firstWeek(period)) period = neighbour(period, unit, -1);
  else if (today >= firstWeek(neighbour(period, unit, 1))) period = neighbour(period, unit, 1);
  return { week: Math.floor((today - firstWeek(period)) / (7 * day)) + 1, period };
}

function neighbour({ year, month }: Period, unit: 'year' | 'month', step: number): Period {
  if (unit === 'year') return { year: year + step, month };
  const months = year * 12 + month + step;
  return { year: Math.floor(months / 12), month: months - Math.floor(months / 12) * 12 };
}

/** The Monday of the first week. */
function firstWeek({ year, month }: Period): number {
  const first = Date.UTC(year, month);
  const weekday = new Date(first).getUTCDay();
  const isoWeekday = weekday === 0 ? 7 : weekday;
  return isoWeekday > 4 ? first + (8 - isoWeekday) * day : first - (isoWeekday - 1) * day;
}

function startOfDay(date: Date): number {
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
}
