import fc from 'fast-check';
import library from 'jsonata';
import { describe, expect, it } from 'vitest';
import { TulleError } from '../../../event/error.ts';
import { compileJsonata } from '../../../functions/jsonata/jsonata.ts';
import { processorTime } from './processor-time.ts';

const now = Date.UTC(2024, 4, 17, 13, 45, 6, 78);
const runs = { numRuns: Number(process.env.RUNS ?? 500), seed: Number(process.env.SEED ?? 1) };

const integerPicture = fc.oneof(
  fc.constantFrom(
    '1',
    '001',
    '#,##0',
    '#,###,000',
    'A',
    'a',
    'I',
    'i',
    'W',
    'w',
    'Ww',
    '1;o',
    'w;o',
    'Ww;o',
    '٠٠٠',
    '#',
    '0٠',
  ),
  // Where separators stand at an end, or side by side, or differ, the interpreter's answers are odd.
  fc
    .array(fc.string({ unit: fc.constantFrom('0', '#', '1'), minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 3,
    })
    .map((groups) => groups.map((group) => group.padStart(3, '#')).join(',')),
);
const integer = fc.oneof(
  fc.integer({ min: -5000, max: 5000 }),
  fc.integer({ min: 0, max: 2_000_000_000 }),
  fc.constant(0),
);

const numberPicture = fc.oneof(
  fc.constantFrom(
    '0.00',
    '#,##0.00',
    '0',
    '#',
    '0%',
    '0.0‰',
    '00.000e0',
    '#0.0e00',
    '0;(0)',
    '$#,##0.00;-$#,##0.00',
    '.00',
    '#.##',
    '0.000,000',
  ),
  // The interpreter misplaces the exponent of a part that begins with other characters.
  fc
    .string({ unit: fc.constantFrom('0', '#', '.', '%', ';', 'e', 'x'), minLength: 1, maxLength: 9 })
    .filter((picture) => !picture.includes('e') || picture.split(';').every((part) => part.startsWith('0'))),
);
const number = fc.oneof(
  fc.integer({ min: -100_000, max: 100_000 }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.constantFrom(0, 0.5, 1e-7, 12345.678),
);

const marker = fc
  .tuple(
    fc.constantFrom(...Array.from('YMDdFWwXxHhPmsfZzCE')),
    fc.constantFrom('', '', '01', '0001', 'N', 'n', 'Nn', '1o', 'w', 'Ww', 'I', '#1', '001', 't', '0', '00', 'q'),
    fc.constantFrom('', '', ',2', ',*-3', ',2-4', ',4', ',*-2'),
  )
  .map((parts) => `[${parts.join('')}]`);
const datePicture = fc
  .array(fc.oneof(marker, fc.constantFrom('-', ' ', ':', 'T', '[[', ']]', ' of ')), { maxLength: 6 })
  .map((parts) => parts.join(''));
const time = fc.integer({ min: Date.UTC(1980, 0), max: Date.UTC(2040, 0) });

describe('pictures', () => {
  it.each<[string, fc.Arbitrary<unknown>, fc.Arbitrary<unknown>]>([
    ['$formatInteger($value, $picture)', integer, integerPicture],
    ['$formatInteger($value, $picture) ~> $parseInteger($picture)', fc.nat(3000), integerPicture],
    ['$formatNumber($value, $picture)', number, numberPicture],
    [
      '$formatNumber($value, $picture, {"decimal-separator": ",", "grouping-separator": "."})',
      number,
      fc.constantFrom('#.##0,00', '0,0'),
    ],
    ['$fromMillis($value, $picture)', time, datePicture],
    ['$fromMillis($value, $picture, "+0530")', time, datePicture],
    ['$fromMillis($value)', time, fc.constant('')],
    ['$formatBase($value, $picture)', integer, fc.integer({ min: 1, max: 38 })],
    ['$round($value, $picture)', number, fc.integer({ min: -3, max: 6 })],
    ['$string($value)', number, fc.constant('')],
  ])(
    'answer what the language’s own interpreter answers: %s',
    async (text, values, pictures) => {
      await fc.assert(
        fc.asyncProperty(values, pictures, async (value, picture) => {
          const wanted = await outcomeOfLibrary(text, { value, picture });
          if (wanted === undefined) return;
          expect(outcome(text, { value, picture }), `${String(picture)} of ${String(value)}`).toEqual(wanted);
        }),
        runs,
      );
    },
    60_000,
  );

  it.each([
    ['2024-05-17', '[Y]-[M]-[D]'],
    ['17 May 2024', '[D1] [MNn] [Y0001]'],
    ['17th MAY 2024', '[D1o] [MN] [Y]'],
    ['Friday, the seventeenth', '[FNn], the [Dw]'],
    ['13:45', '[H]:[m]'],
    ['1:05 pm', '[h]:[m01] [P]'],
    ['2024138', '[Y0001][d]'],
    ['2024-05-17T10:00:00+02:00', '[Y]-[M]-[D]T[H]:[m]:[s][Z]'],
    ['20240517', '[Y0001][M01][D01]'],
    ['MMXXIV', '[YI]'],
    ['two thousand and twenty-four', '[Yw]'],
    ['2024-W20-5', '[X0001]-W[W]-[F1]'],
    ['2024 10:00', '[Y] [H]:[m]'],
    ['nonsense', '[Y]'],
  ])('parse %s by %s as the interpreter does', async (text, picture) => {
    const expression = '$toMillis($value, $picture)';
    const bindings = { value: text, picture };
    const wanted = await outcomeOfLibrary(expression, bindings);
    // What the text leaves out above comes from the time of the evaluation.
    const isRelative = !/\[[YX]/.test(picture);
    if (isRelative) expect(outcome(expression, bindings)).toMatch(/^\d+$/);
    else expect(outcome(expression, bindings)).toEqual(wanted);
  });

  it('take what a text leaves out from the time of the evaluation', () => {
    expect(outcome('$toMillis("10:00", "[H]:[m]") ~> $fromMillis()', {})).toBe('"2024-05-17T10:00:00.000Z"');
    expect(outcome('$now()', {})).toBe('"2024-05-17T13:45:06.078Z"');
    expect(outcome('$now("[H01][m01]", "-0330")', {})).toBe('"1015"');
    expect(outcome('$toMillis("10:00-0330", "[H]:[m][Z0000]") ~> $fromMillis("[H]:[m]")', {})).toBe('"13:30"');
    expect(outcome('$toMillis("2024-05-17T10:00:00")', {})).toBe(String(Date.UTC(2024, 4, 17, 10)));
  });

  it.each([
    ['$fromMillis(0, "[Y,500000000]")'],
    ['$fromMillis(0, "[H,*-500000000]")'],
    ['$formatInteger(9000000000000000, "I")'],
    ['$formatInteger(1/0, "a")'],
    ['$formatInteger(-1/0, "Ww")'],
    ['$formatInteger(0/0, "i")'],
    ['$formatInteger(1, $pad("0", 100000, ",0"))'],
    ['$formatNumber(1, $pad("0", 100000, ",0"))'],
    ['$formatNumber(1/0, "0.0e0")'],
    ['$fromMillis(0, $pad("", 100000, "[Y]"))'],
    ['$toMillis("x", $pad("", 480, "[D]"))'],
    ['$toMillis("one", $pad("", 400, "[Dw]"))'],
    ['$fromMillis(1e300, "[MNn]")'],
    ['$formatNumber(1, $pad("0.", 300, "0"))'],
    ['$toMillis($pad("A", 5000, "A") & "1", "[YA][MA][DA][HA][mA][sA][fA][dA]")'],
  ])('stay within their bounds: %s', (text) => {
    const started = processorTime();
    expect(outcome(text, {})).toMatch(/^[A-Z]\d{4}$|^fuel_exhausted$|^nothing$|^"/);
    expect(processorTime() - started).toBeLessThan(500);
  });
});

function outcome(text: string, bindings: Record<string, unknown>): string {
  try {
    return JSON.stringify(compileJsonata(text).evaluate(undefined, { now, random: () => 0, bindings })) ?? 'nothing';
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    return error.code === 'fuel_exhausted' ? error.code : error.message.slice(0, 5);
  }
}

async function outcomeOfLibrary(text: string, bindings: Record<string, unknown>): Promise<string | undefined> {
  try {
    return JSON.stringify(await library(text).evaluate(undefined, bindings)) ?? 'nothing';
  } catch (error) {
    const { code } = error as { code?: unknown };
    return typeof code === 'string' ? code : undefined;
  }
}
