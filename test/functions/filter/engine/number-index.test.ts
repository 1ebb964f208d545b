import { describe, expect, it } from 'vitest';
import type { ValueTest } from '../../../../functions/filter/condition.ts';
import {
  addNumberTest,
  createNumberIndex,
  findNumberTests,
  removeNumberTest,
} from '../../../../functions/filter/engine/number-index.ts';
import {
  createNumberReading,
  numberText,
  readExactly,
  readNumber,
  takeNumber,
} from '../../../../functions/filter/engine/number-reading.ts';
import type { TestNode } from '../../../../functions/filter/engine/requirement.ts';
import { createRun } from '../../../../functions/filter/engine/run.ts';
import { passes } from '../../../../functions/filter/value-test.ts';
import { comparableNumber } from '../../../../functions/filter/values/number.ts';

function nodeOf(test: ValueTest): TestNode {
  const exclusion = { tests: [], epoch: 0, lastValue: 0, excluded: 0, excludedPlain: 0 };
  return {
    alone: undefined,
    requirements: [],
    exclusions: [exclusion],
    test,
    pattern: undefined,
    isAscii: true,
    uses: 1,
  };
}

const range = (from: number, to: number, fromIncluded: boolean, toIncluded: boolean): ValueTest => ({
  op: 'range',
  from,
  fromIncluded,
  to,
  toIncluded,
});
const texts = [
  '0',
  '-0',
  '1',
  '1.0',
  '10e-1',
  '-1',
  '0.1',
  '0.10000000000000001',
  '0.30000000000000004',
  '3e-1',
].concat(
  ['9007199254740991', '9007199254740992', '9007199254740993', '900719925474099.25', '1e400', '-1e400', '1E400'],
  ['1234567890123456789', '12345678901234567890', '0.12345678901234567', '5e-324', '1e-400', '1.7976931348623157e308'],
  ['0.0000000000000000000001', '0.00000000000000000000001', '100000000000000000000', '123456789012345678901.5'],
);
const tests: ValueTest[] = [
  ...texts.map((text): ValueTest => ({ op: 'number', text })),
  range(0, 1, true, false),
  range(0, 1, false, true),
  range(-Infinity, 0, false, false),
  range(-Infinity, 0.1, false, true),
  range(2 ** 53, Infinity, true, false),
  range(2 ** 53, Infinity, false, false),
  range(0.1, 0.1, true, true),
  range(0.12345678901234566, 0.30000000000000004, true, true),
  range(0.12345678901234566, 0.30000000000000004, false, false),
];

describe('an index of number tests', () => {
  it('finds what asking each finds, while they come and go', () => {
    const run = createRun();
    const index = createNumberIndex();
    const nodes = tests.map(nodeOf);
    const expectSame = (present: TestNode[]): void => {
      for (const text of texts) {
        run.epoch++;
        run.value++;
        readNumber(run.number, `[${text}]`, 1);
        findNumberTests(run, index);
        const passed = nodes.filter(({ exclusions }) => exclusions[0]?.epoch === run.epoch);
        expect(
          passed.map(({ test }) => test),
          text,
        ).toEqual(present.filter(({ test }) => passes(test, { kind: 'number', text })).map(({ test }) => test));
      }
    };
    // Tests of one number in several texts are several here, where only those without a double are kept by text.
    for (const node of nodes) addNumberTest(index, node);
    expect(index.size).toBe(nodes.length);
    expect([...index.texts.keys()]).toEqual(texts.filter((text) => comparableNumber(text) === undefined));
    expect(index.texts.size).toBe(11);
    expectSame(nodes);
    for (let gone = nodes.length; gone > 0; gone--) {
      removeNumberTest(index, nodes[gone - 1] as TestNode);
      expect(index.size).toBe(gone - 1);
      if (gone % 5 === 1) expectSame(nodes.slice(0, gone - 1));
    }
    expect(index).toEqual({ intervals: { root: undefined, added: expect.any(Number) }, texts: new Map(), size: 0 });
  });
});

describe('a number in text', () => {
  it.each([
    ['0', 0, 0, true],
    ['-0', 0, 0, true],
    ['-0.0', 0, 0, true],
    ['12', 12, 0, true],
    ['-12.5', -12.5, 0, true],
    ['0.001', 0.001, 0, true],
    ['000', undefined, 0, true],
    ['123456789012345', 123456789012345, 0, true],
    ['0.000000123456789', 1.23456789e-7, 0, true],
    ['1e2', 100, 0, false],
    ['1E-2', 0.01, 0, false],
    ['12345678901234567890', 12345678901234567000, 0, false],
    [`0.${'0'.repeat(22)}1`, 1e-23, 0, false],
    [`1.${'0'.repeat(22)}`, 1, 0, false],
    [`1.${'0'.repeat(14)}`, 1, 0, true],
    [`1.${'0'.repeat(15)}`, 1, 1, false],
  ])('%s is read as far as need be', (text, value, margin, isComparable) => {
    const reading = createNumberReading();
    if (value === undefined) {
      expect(() => readNumber(reading, text, 0)).toThrow('The number is not one');
      return;
    }
    expect(readNumber(reading, `:${text},`, 1)).toBe(text.length + 1);
    expect(numberText(reading)).toBe(text);
    expect(Object.is(reading.value, value) || reading.margin > 0).toBe(true);
    expect(reading.margin > 0).toBe(margin > 0);
    expect(reading.margin).toBeLessThan(1e-10 * Math.abs(value) + 1e-300);
    expect(reading.isComparable).toBe(isComparable);
    expect(readExactly(reading)).toBe(value);
    expect(reading.margin).toBe(0);
  });

  it.each([
    ['1234567890123456', 1e-14],
    ['1234567890123456789', 1e-14],
  ])('%s of 16 to 19 digits is near enough at first', (text, share) => {
    const reading = createNumberReading();
    readNumber(reading, text, 0);
    expect(reading.margin).toBe(reading.value * share);
    expect(Math.abs(reading.value - Number(text))).toBeLessThanOrEqual(reading.margin);
    readNumber(reading, `-${text}`, 0);
    expect(reading.margin).toBeGreaterThan(0);
    expect(readExactly(reading)).toBe(-Number(text));
  });

  it.each([
    ['-', 'The number is not one', 2],
    ['01', 'The number is not one', 1],
    ['-01', 'The number is not one', 2],
    ['1.', 'A digit is missing', 3],
    ['1.e1', 'A digit is missing', 3],
    ['1e', 'A digit is missing', 3],
  ])('%s is refused', (text, message, column) => {
    expect(() => readNumber(createNumberReading(), text, 0)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message), place: `line 1, column ${column}` }),
    );
  });

  it('is taken from a double as it is', () => {
    const reading = createNumberReading();
    for (const value of [0, -0, 1.5, -1e21, 2 ** 53]) {
      takeNumber(reading, value);
      expect(reading).toMatchObject({ margin: 0, isComparable: true });
      expect(Object.is(reading.value, value === 0 ? 0 : value)).toBe(true);
      expect(numberText(reading)).toBe(String(value));
    }
  });
});
