import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TulleError } from '../../event/error.ts';
import { maxJsonDepth, maxJsonKeys } from '../../event/json-keys.ts';
import {
  endOfText,
  ESCAPES,
  KEY_END,
  KEY_START,
  memberWidth,
  newScan,
  scanJson,
  VALUE_END,
  VALUE_START,
} from '../../event/json-scan.ts';
import type { JsonScan } from '../../event/json-scan.ts';

describe('scanJson', () => {
  it('accepts and refuses what JSON.parse accepts and refuses', () => {
    fc.assert(
      fc.property(jsonLike, (text) => {
        expect(isJson(text), JSON.stringify(text)).toBe(isParsed(text));
      }),
      { numRuns: 20_000 },
    );
  });

  it('agrees with JSON.parse on JSON with one character changed', () => {
    const mutation = fc.tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.constantFrom(...alphabet));
    fc.assert(
      fc.property(mutation, fc.constantFrom('replace', 'insert', 'delete'), ([json, place, character], how) => {
        const at = place % (json.length + 1);
        const text =
          json.slice(0, at) + (how === 'delete' ? '' : character) + json.slice(how === 'insert' ? at : at + 1);
        expect(isJson(text), JSON.stringify(text)).toBe(isParsed(text));
      }),
      { numRuns: 20_000 },
    );
  });

  it.each([
    '',
    ' ',
    '01',
    '-',
    '1.',
    '.5',
    '+1',
    '1e',
    '0x1',
    'NaN',
    "'a'",
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    '[',
    '{"a"',
    '"a',
  ])('refuses %j', (text) => expect(isJson(text)).toBe(false));

  it.each(['"\u0000"', '"\n"', '"\t"', '\u00a01', '\u20281', '\ufeff{}', '{}\u0000', '"\\x41"', '"\\u12g4"', '"\\u12'])(
    'refuses %j',
    (text) => expect(isJson(text)).toBe(false),
  );

  it('says line and column of the fault, and nothing of the text', () => {
    const error = thrownBy(() => scan('{\n  "password": "s3cret",\n  "x": tru\n}'));
    expect(error).toMatchObject({ code: 'json_invalid', place: 'line 3, column 8' });
    expect(error.mend).toBeTruthy();
    expect(JSON.stringify(error.toItem())).not.toMatch(/s3cret|password/);
  });

  it('names a byte order mark', () => {
    expect(thrownBy(() => scan('\ufeff{}')).message).toMatch(/byte order mark/);
  });

  it('spans the members of the outermost object only', () => {
    const text = ' { "a" : {"b":[1,{"c":2}]} ,"d\\n":"x\\ty", "e":[] , "f":-1.5e3}';
    const found = scan(text);
    const members = [];
    for (let m = 0; m < found.length; m += memberWidth) {
      members.push([
        text.slice(found.members[m + KEY_START], found.members[m + KEY_END]),
        text.slice(found.members[m + VALUE_START], found.members[m + VALUE_END]),
        found.members[m + ESCAPES],
      ]);
    }
    expect(members).toEqual([
      ['a', '{"b":[1,{"c":2}]}', 0],
      ['d\\n', '"x\\ty"', 3],
      ['e', '[]', 0],
      ['f', '-1.5e3', 0],
    ]);
    expect(found.end).toBe(text.length);
  });

  it('spans members that JSON.parse reads the same', () => {
    const object = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue());
    fc.assert(
      fc.property(object, fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const found = scan(text);
        const members: [string, unknown][] = [];
        for (let m = 0; m < found.length; m += memberWidth) {
          members.push([
            JSON.parse(text.slice(found.members[m + KEY_START]! - 1, found.members[m + KEY_END]! + 1)) as string,
            JSON.parse(text.slice(found.members[m + VALUE_START], found.members[m + VALUE_END])),
          ]);
        }
        expect(members).toEqual(Object.entries(JSON.parse(text) as object));
      }),
    );
  });

  it('has no members for an array, and forgets those of the scan before', () => {
    const found = newScan();
    scanJson('{"a":1}', 0, found);
    scanJson('[{"b":2}]', 0, found);
    expect(found.length).toBe(0);
  });

  it('scans value after value of one text', () => {
    const text = '["a\\"b", {"k":"v"}]';
    const found = newScan();
    scanJson(text, 1, found);
    expect(found.end).toBe(7);
    scanJson(text, 8, found, 0, found.special);
    expect(found.end).toBe(18);
  });
});

describe('duplicate keys', () => {
  it.each([
    ['{"a":1,"a":2}', 0],
    ['{"a":1,"b":2,"a":3,"b":4}', 2],
    ['{"a":1,"\\u0061":2}', 0],
    ['{"\\u0061":1,"a":2}', 0],
    ['{"":1,"":2}', 0],
    ['{"é":1,"é":2}', 0],
  ])('%s repeats a member of the outermost object', (text) => {
    const found = scan(text);
    expect(found.duplicateKeys).toBe(true);
    expect(found.duplicateMember).toBeGreaterThan(0);
  });

  it.each(['{"a":{"b":1,"c":2,"b":3}}', '[{"a":1},{"a":1,"a":1}]', '[[[{"x":{"y":[],"y":{}}}]]]'])(
    '%s has them further inside',
    (text) => expect(scan(text)).toMatchObject({ duplicateKeys: true, duplicateMember: -1 }),
  );

  it.each(['{"a":{"a":{"a":1}}}', '[{"a":1},{"a":2}]', '{"a":1,"b":{"a":1},"c":1}', '{"ab":1,"ba":2,"aab":3}'])(
    '%s has none',
    (text) => expect(scan(text).duplicateKeys).toBe(false),
  );

  it('are found in objects of any width', () => {
    for (const width of [1, 2, 15, 16, 17, 18, 40, 500]) {
      const names = Array.from({ length: width }, (_, i) => `"k${i}":${i}`);
      expect(scan(`{${names.join(',')}}`).duplicateKeys).toBe(false);
      for (const repeated of [0, width >> 1, width - 1]) {
        expect(scan(`{${names.join(',')},"k${repeated}":0}`).duplicateKeys, `${repeated} of ${width}`).toBe(true);
      }
      // The inner object must not disturb what is known of the outer one.
      expect(scan(`{${names.join(',')},"z":{"k0":1},"y":1}`).duplicateKeys).toBe(false);
      expect(scan(`{${names.join(',')},"z":{"k0":1},"k0":1}`).duplicateKeys).toBe(true);
    }
  });

  it('are found exactly where a name repeats', () => {
    const key = fc.string({ unit: fc.constantFrom('a', 'b', '\\n', '\\u0061', 'é'), maxLength: 3 });
    fc.assert(
      fc.property(fc.array(key, { maxLength: 30 }), (keys) => {
        const text = `[0,{${keys.map((name) => `"${name}":{"a":0}`).join(',')}}]`;
        const names = keys.map((name) => JSON.parse(`"${name}"`) as string);
        expect(scan(text).duplicateKeys).toBe(new Set(names).size < names.length);
      }),
    );
  });
});

describe('bounds', () => {
  it(`takes ${maxJsonDepth} levels and refuses one more`, () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const nested = (depth: number): string => `${open.repeat(depth)}${open === '[' ? '' : '0'}${close.repeat(depth)}`;
      expect(isJson(nested(maxJsonDepth))).toBe(true);
      const error = thrownBy(() => scan(nested(maxJsonDepth + 1)));
      expect(error).toMatchObject({ code: 'json_invalid' });
      expect(error.message).toMatch(/deeper than 64/);
      expect(isJson(open.repeat(200_000))).toBe(false);
    }
  });

  it('counts the levels around an embedded value', () => {
    const found = newScan();
    scanJson('[[]]', 0, found, maxJsonDepth - 2);
    expect(() => scanJson('[[]]', 0, found, maxJsonDepth - 1)).toThrow(/deeper/);
  });

  it(`takes ${maxJsonKeys} members of an object and refuses one more`, () => {
    const wide = (keys: number): string => `{${Array.from({ length: keys }, (_, i) => `"${i}":0`).join(',')}}`;
    expect(isJson(wide(maxJsonKeys))).toBe(true);
    expect(thrownBy(() => scan(wide(maxJsonKeys + 1)))).toMatchObject({ code: 'json_invalid' });
  });
});

const alphabet = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  ' ',
  '\n',
  '0',
  '1',
  '-',
  '.',
  'e',
  't',
  'null',
  'u0041',
  '\u0001',
  '\u007f',
  'é',
];

/** Texts that are nearly JSON. */
const jsonLike = fc.oneof(
  fc.json({ maxDepth: 5 }),
  fc
    .array(fc.constantFrom(...alphabet, 'true', 'false', '"a"', '{"a":', '[1,'), { maxLength: 12 })
    .map((parts) => parts.join('')),
  fc.string({ unit: 'binary' }).map((text) => `"${text}"`),
  fc.double().map(String),
);

function scan(text: string): JsonScan {
  const found = newScan();
  scanJson(text, 0, found);
  endOfText(text, found.end);
  return found;
}

function isJson(text: string): boolean {
  try {
    scan(text);
    return true;
  } catch (error) {
    if (!TulleError.is(error) || error.code !== 'json_invalid') throw error;
    return false;
  }
}

function isParsed(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function thrownBy(run: () => unknown): TulleError {
  try {
    run();
  } catch (error) {
    if (TulleError.is(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
