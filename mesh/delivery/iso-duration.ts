/**
 * Seconds of an ISO 8601 duration such as `PT2.5S`, `PT1H30M` or `P1D`; `undefined` for what is none, and for a
 * negative one. Only the last part may have a fraction. A year and a month count as their Gregorian average.
 */
export function parseIsoDuration(text: string): number | undefined {
  const parts = text.length > maxLength ? undefined : shape.exec(text)?.groups;
  if (parts === undefined || /[.,]\d+[A-Z]T?\d/.test(text)) return undefined;
  let seconds = 0;
  for (const [unit, count] of Object.entries(parts)) {
    // `undefined` for a part that is not there, whatever the types say.
    seconds += Number((count ?? '0').replace(',', '.')) * (unitSeconds[unit] ?? 0);
  }
  return seconds;
}

const maxLength = 32;

const number = String.raw`\d+(?:[.,]\d+)?`;

const shape = new RegExp(
  `^P(?=[\\dT])(?:(?<year>${number})Y)?(?:(?<month>${number})M)?(?:(?<week>${number})W)?(?:(?<day>${number})D)?` +
    `(?:T(?=\\d)(?:(?<hour>${number})H)?(?:(?<minute>${number})M)?(?:(?<second>${number})S)?)?$`,
);

const unitSeconds: Readonly<Record<string, number>> = {
  year: 31_556_952,
  month: 2_629_746,
  week: 604_800,
  day: 86_400,
  hour: 3_600,
  minute: 60,
  second: 1,
};
