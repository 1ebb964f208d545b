/** English names of numbers, for `W`, `w` and `Ww` in pictures (XPath fn:format-integer). */
const small = [
  'Zero',
  'One',
  'Two',
  'Three',
  'Four',
  'Five',
  'Six',
  'Seven',
  'Eight',
  'Nine',
  'Ten',
  'Eleven',
  'Twelve',
  'Thirteen',
  'Fourteen',
  'Fifteen',
  'Sixteen',
  'Seventeen',
  'Eighteen',
  'Nineteen',
];
const smallOrdinals = [
  'Zeroth',
  'First',
  'Second',
  'Third',
  'Fourth',
  'Fifth',
  'Sixth',
  'Seventh',
  'Eighth',
  'Ninth',
  'Tenth',
  'Eleventh',
  'Twelfth',
  'Thirteenth',
  'Fourteenth',
  'Fifteenth',
  'Sixteenth',
  'Seventeenth',
  'Eighteenth',
  'Nineteenth',
];
const tens = ['Twenty', 'Thirty', 'Forty', 'Fifty', 'Sixty', 'Seventy', 'Eighty', 'Ninety'];
const powersOfThousand = ['Thousand', 'Million', 'Billion', 'Trillion'];

/** `1234` is "One Thousand, Two Hundred and Thirty-Four". */
export function toWords(value: number, ordinal: boolean): string {
  if (value < 20) return (ordinal ? smallOrdinals : small)[value] ?? String(value);
  if (value < 100) {
    const name = tens[Math.floor(value / 10) - 2]!;
    if (value % 10 > 0) return `${name}-${toWords(value % 10, ordinal)}`;
    return ordinal ? tensOrdinal(name) : name;
  }
  // Above trillions there are trillions of trillions.
  const power = value < 1000 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), powersOfThousand.length);
  const unit = power === 0 ? 100 : 1000 ** power;
  const count = Math.floor(value / unit);
  const rest = value - count * unit;
  const name = `${toWords(count, false)} ${power === 0 ? 'Hundred' : powersOfThousand[power - 1]!}`;
  if (rest === 0) return ordinal ? `${name}th` : name;
  return `${name}${rest < 100 ? ' and ' : ', '}${toWords(rest, ordinal)}`;
}

/** The number that words name; words that name none make it NaN. */
export function fromWords(text: string): number {
  const parts = [0];
  for (const word of text.toLowerCase().split(/,\s|\sand\s|[\s\\-]/)) {
    const value = wordValues.get(word) ?? Number.NaN;
    const last = parts.pop()!;
    if (value >= 100) parts.push(last * value);
    else if (last >= 1000) parts.push(last, value);
    else parts.push(last + value);
  }
  return parts.reduce((sum, part) => sum + part, 0);
}

const wordValues: ReadonlyMap<string, number> = new Map([
  ...small.map((word, index): [string, number] => [word.toLowerCase(), index]),
  ...smallOrdinals.map((word, index): [string, number] => [word.toLowerCase(), index]),
  ...tens.flatMap((word, index): [string, number][] => [
    [word.toLowerCase(), (index + 2) * 10],
    [tensOrdinal(word).toLowerCase(), (index + 2) * 10],
  ]),
  ...['Hundred', ...powersOfThousand].flatMap((word, index): [string, number][] => {
    const value = index === 0 ? 100 : 1000 ** index;
    return [
      [word.toLowerCase(), value],
      [`${word.toLowerCase()}th`, value],
    ];
  }),
]);

/** A regular expression for numbers in words, case left aside. */
export const wordsPattern = `(?:${[...wordValues.keys(), 'and', '[\\-, ]'].join('|')})+`;

function tensOrdinal(name: string): string {
  return `${name.slice(0, -1)}ieth`;
}
