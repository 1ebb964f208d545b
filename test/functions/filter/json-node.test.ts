import { describe, expect, it } from 'vitest';
import { type JsonNode, jsonNodeOf, maxDepth, readJson, scalarText } from '../../../functions/filter/json-node.ts';

const string = (value: string): JsonNode => ({ kind: 'string', value });
const number = (text: string): JsonNode => ({ kind: 'number', text });
const literal = (value: boolean | null): JsonNode => ({ kind: 'literal', value });

describe('JSON text as a tree', () => {
  it.each<[string, JsonNode]>([
    ['1', number('1')],
    [' \t\n\r-0.50E+10 \t\n\r', number('-0.50E+10')],
    ['0', number('0')],
    ['10e1', number('10e1')],
    ['1e-9', number('1e-9')],
    ['9007199254740993', number('9007199254740993')],
    ['true', literal(true)],
    ['false', literal(false)],
    ['null', literal(null)],
    ['"a"', string('a')],
    ['""', string('')],
    ['"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"', string('"\\/\b\f\n\r\té')],
    ['"\\ud800 \\uD83D\\uDE00 \u007f"', string('\ud800 😀 \u007f')],
    ['[]', { kind: 'array', items: [] }],
    ['[ ]', { kind: 'array', items: [] }],
    [
      '[1 , "a",[null]]',
      { kind: 'array', items: [number('1'), string('a'), { kind: 'array', items: [literal(null)] }] },
    ],
    ['{}', { kind: 'object', members: [] }],
    ['{\n}', { kind: 'object', members: [] }],
    [
      '{ "b" : 1 , "a":{} ,"b":2,"\\u0061":3}',
      {
        kind: 'object',
        members: [
          { key: 'b', value: number('1') },
          { key: 'a', value: { kind: 'object', members: [] } },
          { key: 'b', value: number('2') },
          { key: 'a', value: number('3') },
        ],
      },
    ],
  ])('%s is read with its order, its repetition and the text of its numbers', (text, node) => {
    expect(readJson(text)).toEqual(node);
  });

  it.each([
    ['', 'A value is missing here', 'line 1, column 1'],
    ['  ', 'A value is missing here', 'line 1, column 3'],
    ['tru', 'A value is missing here', 'line 1, column 1'],
    ['-', 'A value is missing here', 'line 1, column 1'],
    ['.5', 'A value is missing here', 'line 1, column 1'],
    ['01', 'The text goes on after the end', 'line 1, column 2'],
    ['1.', 'The text goes on after the end', 'line 1, column 2'],
    ['1 2', 'The text goes on after the end', 'line 1, column 3'],
    ['[1', 'A comma or ] is missing here', 'line 1, column 3'],
    ['[1}', 'A comma or ] is missing here', 'line 1, column 3'],
    ['[1,]', 'A value is missing here', 'line 1, column 4'],
    ['[\n1,\n  x]', 'A value is missing here', 'line 3, column 3'],
    ['{', 'A member name in double quotes is missing', 'line 1, column 2'],
    ['{a:1}', 'A member name in double quotes is missing', 'line 1, column 2'],
    ['{"a":1,}', 'A member name in double quotes is missing', 'line 1, column 8'],
    ['{"a" 1}', 'A colon is missing after the member name', 'line 1, column 6'],
    ['{"a"', 'A colon is missing after the member name', 'line 1, column 5'],
    ['{"a":1 "b"', 'A comma or } is missing here', 'line 1, column 8'],
    ['{"a":1]', 'A comma or } is missing here', 'line 1, column 7'],
    ['"a', 'The string has no end', 'line 1, column 1'],
    ['["a\\"]', 'The string has no end', 'line 1, column 2'],
    ['"a\n"', 'A control character in a string must be escaped', 'line 1, column 3'],
    ['"\u001f"', 'A control character in a string must be escaped', 'line 1, column 2'],
    ['"a\\x"', 'The escape sequence is not known in JSON', 'line 1, column 3'],
    ['"\\u12"', 'The escape sequence is not known in JSON', 'line 1, column 2'],
    ['"\\u12g4"', 'The escape sequence is not known in JSON', 'line 1, column 2'],
    ['"\\', 'The escape sequence is not known in JSON', 'line 1, column 2'],
    ['"\\1"', 'The escape sequence is not known in JSON', 'line 1, column 2'],
  ])('%j is refused: %s', (text, message, place) => {
    for (const code of ['json_invalid', 'filter_invalid'] as const) {
      expect(() => readJson(text, code)).toThrow(
        expect.objectContaining({
          code,
          message: expect.stringMatching(new RegExp(`^${message.replace(/[}\]]/, '\\$&')}.* \\(${place}\\)$`)),
          place,
          mend: 'Correct the JSON at this place.',
        }),
      );
    }
    expect(() => readJson(text)).toThrow(expect.objectContaining({ code: 'json_invalid' }));
  });

  it('may nest to the limit and no deeper', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const nest = (levels: number): string => `${open.repeat(levels)}1${close.repeat(levels)}`;
      expect(() => readJson(nest(maxDepth))).not.toThrow();
      expect(() => readJson(nest(maxDepth + 1))).toThrow(`deeper than ${maxDepth} levels`);
    }
  });
});

describe('a parsed value as a tree', () => {
  it('is the tree of the text that it would be written as', () => {
    const value = {
      a: [1, -0, 1e21, 'x', true, false, null, undefined, () => 1, Symbol('x'), Number.NaN, Infinity, [], {}],
      b: undefined,
      c: () => 1,
      d: Symbol('x'),
      e: { f: '', g: 0.1 },
    };
    expect(jsonNodeOf(value)).toEqual(readJson(JSON.stringify(value)));
    for (const one of ['x', 1.5, true, false, null, [], {}, [[1]], -Infinity])
      expect(jsonNodeOf(one)).toEqual(readJson(JSON.stringify(one)));
    for (const one of [undefined, () => 1, Symbol('x')]) expect(jsonNodeOf(one)).toBeUndefined();
  });

  it('may nest to the limit and no deeper', () => {
    let arrays: unknown = 1;
    let objects: unknown = 1;
    for (let i = 0; i < maxDepth; i++) {
      arrays = [arrays];
      objects = { a: objects };
    }
    expect(jsonNodeOf(arrays)).toBeDefined();
    expect(jsonNodeOf(objects)).toBeDefined();
    for (const deeper of [[arrays], { a: objects }, [objects]]) {
      expect(() => jsonNodeOf(deeper)).toThrow(
        expect.objectContaining({
          code: 'json_invalid',
          message: `The value nests deeper than ${maxDepth} levels`,
        }),
      );
    }
  });
});

describe('a scalar for a reader', () => {
  it.each(['1.50', '"a\\"b"', 'true', 'null', '1e400'])('%s is shown as it was written', (text) => {
    const node = readJson(text);
    expect(node.kind === 'object' || node.kind === 'array' ? '' : scalarText(node)).toBe(text);
  });
});
