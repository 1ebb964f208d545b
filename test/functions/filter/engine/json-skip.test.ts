import { describe, expect, it } from 'vitest';
import {
  notJson,
  skipLiteral,
  skipNumber,
  skipProvenString,
  skipProvenValue,
  skipSpace,
  skipString,
  skipValue,
} from '../../../../functions/filter/engine/json-skip.ts';
import { longestForShapes } from '../../../../functions/filter/engine/json-shapes.ts';
import { maxDepth } from '../../../../functions/filter/json-node.ts';

type Skip = (text: string, at: number) => number;

/** Behind this much space a text is too long for the shapes, and the loops are used. */
const padding = ' '.repeat(longestForShapes);
const proven: Skip = (text, at) => skipProvenValue(text, at, 1);

/** What is passed over, by the shapes and by the loops. */
function passed(skip: Skip, text: string): string[] {
  return ['', padding].map((after) => text.slice(0, skip(text + after, 0)));
}

function refusal(skip: Skip, text: string): unknown {
  try {
    return skip(text, 0);
  } catch (error) {
    return error;
  }
}

function refused(message: string, column?: number) {
  return expect.objectContaining({
    code: 'json_invalid',
    message: expect.stringContaining(message),
    mend: expect.stringMatching(/./),
    ...(column === undefined ? {} : { place: `line 1, column ${column}` }),
  });
}

describe('a string is passed over', () => {
  it.each(['""', '"a"', '"\\""', '"\\\\"', '"\\\\\\""', '"\\u00e9\\b\\f\\n\\r\\t\\/"', '"é😀"'])('%s', (string) => {
    for (const skip of [skipString, skipProvenString, skipValue, proven])
      expect(passed(skip, `${string},"x"`)).toEqual([string, string]);
  });

  it('or is refused without its end', () => {
    for (const text of ['"', '"a', '"\\"']) {
      expect(refusal(skipString, text)).toEqual(refused('The string has no end', 1));
      expect(refusal(skipProvenString, text)).toEqual(refused('The string is not closed', 1));
    }
    for (const text of ['"', '"a', '"\\"']) {
      expect(refusal(skipProvenString, `${padding}${text}`.slice(0, -text.length) + text)).toBeDefined();
      expect(() => skipProvenString(padding + text, padding.length)).toThrow('The string has no end');
    }
  });

  it.each([
    ['"a\n"', 'A control character', 3],
    ['"\u001f"', 'A control character', 2],
    ['"ab\\x"', 'The escape sequence is not known', 4],
    ['"\\u12"', 'The escape sequence is not known', 2],
    ['"\\u12g4"', 'The escape sequence is not known', 2],
    ['"\\uu0041"', 'The escape sequence is not known', 2],
    ['"\\10000"', 'The escape sequence is not known', 2],
  ])('or %j is refused: %s', (text, message, column) => {
    expect(refusal(skipProvenString, text)).toEqual(refused('The string is not closed', 1));
    expect(refusal(proven, text)).toEqual(refused('The string is not closed', 1));
    expect(refusal(skipProvenString, text + padding)).toEqual(refused(message, column));
  });

  it('or is refused where the text ends behind a backslash', () => {
    expect(() => skipProvenString(`${padding}"\\`, padding.length)).toThrow('The escape sequence is not known');
  });
});

describe('a number is passed over', () => {
  it.each(['0', '-0', '12', '-12.50', '0.5', '1e5', '1E+5', '1.5e-10'])('%s', (number) => {
    for (const skip of [skipNumber, skipValue, proven])
      for (const after of ['', ',', ' ', ']', '}', '/', ':']) expect(skip(number + after, 0)).toBe(number.length);
  });

  it.each([
    ['-', 2],
    ['1.', 3],
    ['1.e5', 3],
    ['1e', 3],
    ['1e+', 4],
    ['1E-x', 4],
    ['-a', 2],
  ])('or %s is refused', (text, column) => {
    for (const skip of [skipNumber, skipValue, proven])
      expect(refusal(skip, text)).toEqual(refused('A digit is missing', column));
  });

  it('and has no digit behind a leading zero', () => expect(skipNumber('012', 0)).toBe(1));
});

describe('a literal is passed over', () => {
  it('true, false and null', () => {
    for (const word of ['true', 'false', 'null'])
      for (const skip of [skipLiteral, skipValue, proven]) expect(skip(` ${word},`, 1)).toBe(1 + word.length);
  });

  it.each(['tru', 'fals', 'nul', 'x', '', ',', '/', ':', 'True'])('or %j is refused', (text) => {
    for (const skip of [skipLiteral, skipValue, proven])
      expect(refusal(skip, text)).toEqual(refused('A value is missing', 1));
  });
});

describe('objects and arrays are passed over', () => {
  const deep = `${'[{"a":'.repeat(10)}"]}"${'}]'.repeat(10)}`;

  it.each([
    '{}',
    '[]',
    '[ ]',
    '{ }',
    '[1,"a",true]',
    '{"a":1,"b":"}"}',
    '{ "a" : [ ] , "b" : { "c" : null } }',
    '["\\"]"]',
    '[[],[[]],{}]',
    deep,
    `[${deep} , ${deep}]`,
    `{"x":${deep},"y":"\\\\"}`,
  ])('%s', (text) => {
    for (const skip of [skipValue, proven]) {
      expect(passed(skip, text)).toEqual([text, text]);
      expect(passed(skip, `${text}]`)).toEqual([text, text]);
    }
  });

  it.each([
    ['[', 'A value is missing', 2],
    ['[1', 'A comma or ] is missing', 3],
    ['[1 2]', 'A comma or ] is missing', 4],
    ['[1}', 'A comma or ] is missing', 3],
    ['[1,]', 'A value is missing', 4],
    ['[,1]', 'A value is missing', 2],
    ['{', 'A member name in double quotes', 2],
    ['{a:1}', 'A member name in double quotes', 2],
    ['{"a"}', 'A colon is missing', 5],
    ['{"a" 1}', 'A colon is missing', 6],
    ['{"a":1,}', 'A member name in double quotes', 8],
    ['{"a":1]', 'A comma or } is missing', 7],
    ['{"a":1 "b":2}', 'A comma or } is missing', 8],
    ['{"a":[1,{"b":01}]}', 'A comma or } is missing', 15],
    [`[${deep} 1]`, 'A comma or ] is missing', deep.length + 3],
  ])('or %s is refused: %s', (text, message, column) => {
    expect(refusal(proven, text)).toEqual(refused(message, column));
    expect(refusal(proven, text + padding)).toMatchObject({ message: expect.stringContaining(message) });
  });

  it('to the depth that is allowed, counted from the outermost', () => {
    const nest = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    for (const [levels, outer] of [
      [maxDepth, 0],
      [maxDepth - 5, 5],
    ] as const) {
      expect(skipProvenValue(nest(levels), 0, outer)).toBe(2 * levels);
      expect(skipProvenValue(nest(levels) + padding, 0, outer)).toBe(2 * levels);
      expect(() => skipProvenValue(nest(levels + 1), 0, outer)).toThrow(`deeper than ${maxDepth} levels`);
      expect(() => skipProvenValue(nest(levels + 1) + padding, 0, outer)).toThrow(`deeper than ${maxDepth} levels`);
    }
  });

  it('or have no end', () => {
    for (const text of ['[', '{"a":[1]', deep.slice(0, -1)])
      expect(refusal(skipValue, text)).toEqual(refused('The object or array has no end', 1));
    expect(refusal(skipValue, '["a]')).toMatchObject({ code: 'json_invalid' });
  });

  it('without a pass for each level', () => {
    const text = `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`;
    expect(skipValue(text, 0)).toBe(text.length);
  });
});

describe('space is passed over', () => {
  it('of the four kinds alone', () => {
    expect(skipSpace(' \n\r\tx', 0)).toBe(4);
    expect(skipSpace('x ', 0)).toBe(0);
    expect(skipSpace('  ', 1)).toBe(2);
    for (const other of ['\u00a0', '\v', '\f', '\ufeff', '\u2028']) expect(skipSpace(other, 0)).toBe(0);
  });
});

describe('a refusal', () => {
  it('names line and column from 1', () => {
    const at = (text: string, offset: number): string | undefined => notJson(text, offset, 'x').place;
    expect(at('abc', 0)).toBe('line 1, column 1');
    expect(at('abc\nd', 2)).toBe('line 1, column 3');
    expect(at('abc\n\nde', 6)).toBe('line 3, column 2');
    expect(notJson('a', 0, 'What is wrong').message).toBe('What is wrong (line 1, column 1)');
    expect(notJson('a', 0, 'x').mend).toContain('RFC 8259');
  });
});
