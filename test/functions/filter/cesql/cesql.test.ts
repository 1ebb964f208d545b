import { describe, expect, it } from 'vitest';
import { compileCesql } from '../../../../functions/filter/cesql/cesql.ts';

const event = { specversion: '1.0', id: '1', source: '/shop', type: 'order.created', hop: '5', retries: 3, vip: true };

function evaluate(expression: string, attributes: Record<string, unknown> = event) {
  const { value, errors } = compileCesql(expression).evaluate(attributes);
  return errors.length === 0 ? value : [value, ...errors.map(({ kind }) => kind)];
}

describe('CESQL evaluation', () => {
  it.each([
    ['TRUE OR TRUE AND FALSE', false],
    ['FALSE AND TRUE OR TRUE', true],
    ['TRUE XOR TRUE OR TRUE', true],
    ['1 + 2 * 3 = 7 AND TRUE', true],
    ['10 - 4 - 3', 3],
    ['8 / 2 / 2', 2],
    ['1 = 2 = FALSE', true],
    ['NOT TRUE = FALSE', true],
    ["NOT 'true' LIKE 'f%'", true],
    ["-1 IN ('-1')", true],
    ['NOT EXISTS region', true],
    ["NOT vip IN ('false')", true],
  ])('binds %s in the order of the specification, from left to right', (expression, value) => {
    expect(evaluate(expression)).toEqual(value);
  });

  it.each([
    ['4-1', 3],
    ['4 -1', 3],
    ['4- -1', 5],
    ['- 5', -5],
    ['+7', 7],
    ['-2147483648', -2147483648],
    ['0 * -1', 0],
    ['-4 % 2', 0],
    ['-7 / 2', -3],
    ['-7 % 3', -1],
  ])('reads and computes integers: %s', (expression, value) => {
    expect(evaluate(expression)).toBe(value);
  });

  it.each([['2147483647 + 1'], ['-2147483648 - 1'], ['65536 * 65536'], ['-2147483648 / -1'], ['-(-2147483648)']])(
    'answers a math error instead of wrapping around: %s',
    (expression) => {
      expect(evaluate(expression)).toEqual([0, 'math']);
    },
  );

  it.each([
    ["'10' = 10", true],
    ["10 = '10'", true],
    ["010 = '10'", true],
    ["'010' = 10", true],
    ["TRUE = 'true'", true],
    ["'TRUE' = TRUE", true],
    ['NOT 10', false],
    ['NOT 0', true],
    ["INT('+5')", 5],
    ["INT('0000000000000000000000000012')", 12],
  ])('casts as the table of casts says: %s', (expression, value) => {
    expect(evaluate(expression)).toBe(value);
  });

  it.each([
    ["INT('')", [0, 'cast']],
    ["INT(' 1')", [0, 'cast']],
    ["INT('1.0')", [0, 'cast']],
    ["INT('2147483648')", [0, 'cast']],
    ["BOOL('yes')", [false, 'cast']],
    ["'abc' = 1", [false, 'cast']],
    ["'abc' != 1", [false, 'cast']],
    ["1 IN ('abc', 1)", [false, 'cast']],
    ["1 NOT IN ('abc')", [false, 'cast']],
    ["'abc' < 1", [false, 'cast']],
    ["NOT 'abc'", [false, 'cast']],
    ["'abc' AND TRUE", [false, 'cast']],
  ])('answers a cast error: %s', (expression, value) => {
    expect(evaluate(expression)).toEqual(value);
  });

  it.each([
    ['missing', [false, 'missingAttribute']],
    ['missing + 1', [0, 'missingAttribute']],
    ['1 / missing', [0, 'missingAttribute']],
    ['CONCAT(missing, 1)', ['', 'missingAttribute']],
    ['LENGTH(missing)', [0, 'missingAttribute']],
    ['missing OR TRUE', [false, 'missingAttribute']],
    ['NOT missing', [false, 'missingAttribute']],
    ["NOT (missing = 'x')", [false, 'missingAttribute']],
    ["missing != 'x'", [false, 'missingAttribute']],
    ['source IN (missing, source)', [false, 'missingAttribute']],
    ['source IN (source, missing)', true],
    ['TRUE OR missing', true],
    ['FALSE AND missing', false],
    ['CONCAT(missing, 1/0)', ['', 'missingAttribute']],
  ])('gives the zero value of the operator around a missing attribute: %s', (expression, value) => {
    expect(evaluate(expression)).toEqual(value);
  });

  it.each([
    ["LENGTH('😀é')", 2],
    ["LEFT('😀😀x', 2)", '😀😀'],
    ["RIGHT('x😀', 1)", '😀'],
    ["SUBSTRING('a😀b', 2, 1)", '😀'],
    ["SUBSTRING('abc', -2)", 'bc'],
    ["SUBSTRING('abc', 4)", ['', 'functionEvaluation']],
    ["SUBSTRING('abc', 1, -1)", ['', 'functionEvaluation']],
    ["SUBSTRING('abc', 0)", ''],
    ["SUBSTRING('abc', 2, 100)", 'bc'],
    ["TRIM('\u0085 a\u0000 \u3000')", 'a\u0000'],
    ["TRIM('\uFEFFa')", '\uFEFFa'],
    ["CONCAT(1, TRUE, 'x')", '1truex'],
    ["CONCAT_WS('-', 1, 2)", '1-2'],
    ["upper('ß')", 'SS'],
    ['ABS(-2147483647)', 2147483647],
    ['NOPE(1) + 1', [0, 'missingFunction']],
    ["LEFT('a')", [false, 'missingFunction']],
  ])('runs the built-in functions on characters: %s', (expression, value) => {
    expect(evaluate(expression)).toEqual(value);
  });

  it('takes attributes of other types as text, and only own ones', () => {
    expect(evaluate('rate', { rate: 1.5 })).toBe('1.5');
    expect(evaluate('big', { big: 4294967296 })).toBe('4294967296');
    expect(evaluate('EXISTS constructor')).toBe(false);
    expect(evaluate('constructor')).toEqual([false, 'missingAttribute']);
    expect(evaluate('EXISTS subject', { subject: null })).toBe(false);
  });

  it('reads identifiers and function names in any case', () => {
    expect(evaluate('SOURCE = sOuRcE AND Exists Type AND length(ID) = 1')).toBe(true);
  });

  it('understands quotes inside of strings', () => {
    expect(evaluate(String.raw`'a"b\'c'`)).toBe(`a"b'c`);
    expect(evaluate(`'it''s'`)).toBe("it's");
    expect(evaluate(String.raw`'a\b'`)).toBe(String.raw`a\b`);
  });
});

describe('CESQL compilation', () => {
  it.each([
    ['', 1],
    ['type =', 7],
    ['(TRUE', 6],
    ['TRUE)', 5],
    ["type = 'open", 8],
    ['type LIKE source', 11],
    ['a IN ()', 7],
    ['a & b', 3],
    ['my_attribute = 1', 1],
    ['a b', 3],
    ['2147483648', 1],
    ['ABC(', 5],
    ['f1(2)', 1],
    ['+a', 1],
    ['EXISTS (a)', 8],
    ['NOT', 4],
  ])('refuses %j with the column and the way to mend it', (expression, column) => {
    expect(() => compileCesql(expression)).toThrow(
      expect.objectContaining({ code: 'filter_invalid', place: `expression:${column}`, mend: expect.any(String) }),
    );
  });

  it('tells the attributes and the functions that do not exist', () => {
    const compiled = compileCesql("Type = 'a' AND EXISTS region AND type LIKE '%' AND nope(1)");
    expect(compiled.attributes).toEqual(['type', 'region']);
    expect(compiled.missingFunctions).toEqual([{ name: 'NOPE', count: 1, column: 52 }]);
  });

  it('bounds length and nesting', () => {
    expect(() => compileCesql(`'${'x'.repeat(8191)}'`)).toThrow(/more than the 8192/);
    expect(() => compileCesql(`${'('.repeat(101)}1${')'.repeat(101)}`)).toThrow(/deeper than 100/);
    expect(() => compileCesql(`${'NOT '.repeat(500)}TRUE`)).toThrow(/deeper than 100/);
    expect(evaluate(`1${'+1'.repeat(4095)}`)).toBe(4096);
    expect(evaluate(`TRUE${' AND TRUE'.repeat(900)}`)).toBe(true);
  });

  it('bounds the text that an evaluation reads and builds', () => {
    const text = 'x'.repeat(1_000_000);
    const calls = Array.from({ length: 500 }, () => 'UPPER(id)').join(',');
    expect(evaluate(`LENGTH(CONCAT(${calls}))`, { id: text })).toEqual([0, 'functionEvaluation']);
    expect(evaluate(`LENGTH(UPPER(id))`, { id: text })).toBe(1_000_000);
  });
});
