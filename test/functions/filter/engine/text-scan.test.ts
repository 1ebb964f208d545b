import { describe, expect, it } from 'vitest';
import { useField } from '../../../../functions/filter/engine/field-trie.ts';
import { createFields } from '../../../../functions/filter/engine/fields.ts';
import { beginRun, createRun } from '../../../../functions/filter/engine/run.ts';
import { createTextScan, scanText } from '../../../../functions/filter/engine/text-scan.ts';
import { maxDepth } from '../../../../functions/filter/json-node.ts';
import { createRuleIndex } from '../../../../functions/filter/rule-index.ts';

function indexOf(...patterns: unknown[]) {
  const index = createRuleIndex<number>();
  for (const [i, pattern] of patterns.entries()) index.add(i, { pattern });
  return index;
}

const modes = ['validated', 'trusted'] as const;

/** What both modes answer. */
function both(index: ReturnType<typeof indexOf>, text: string): number[] {
  const [validated = [], trusted = []] = modes.map((mode) => index.match(text, { mode }).toSorted((a, b) => a - b));
  expect(trusted, text).toEqual(validated);
  return validated;
}

/** What is behind it in the event must not be looked at. */
const unread = ' this is never read';

describe('the scan of an event', () => {
  it.each([
    ['', 'The event is not a JSON object', 1],
    ['  [1]', 'The event is not a JSON object', 3],
    ['{} x', 'The text goes on after the end of the event', 4],
    ['{"z":1}}', 'The text goes on after the end of the event', 8],
    ['{"z":1', 'A comma or } is missing', 7],
    ['{"z":1 "a":1}', 'A comma or } is missing', 8],
    ['{"a":1]', 'A comma or } is missing', 7],
    ['{"a":{"b":1 "c":2}}', 'A comma or } is missing', 13],
    ['{', 'A member name in double quotes is missing', 2],
    ['{ a:1}', 'A member name in double quotes is missing', 3],
    ['{"z":1, }', 'A member name in double quotes is missing', 9],
    ['{"a":{"b":1,}}', 'A member name in double quotes is missing', 13],
    ['{"a"1}', 'A colon is missing after the member name', 5],
    ['{"z" 1}', 'A colon is missing after the member name', 6],
    ['{"\\u0061" ;1}', 'A colon is missing after the member name', 11],
    ['{"a":[1 2]}', 'A comma or ] is missing', 9],
    ['{"a":[1', 'A comma or ] is missing', 8],
    ['{"a":[[1}]}', 'A comma or ] is missing', 9],
    ['{"a":[1,]}', 'A value is missing', 9],
    ['{"a":}', 'A value is missing', 6],
    ['{"a":nul}', 'A value is missing', 6],
    ['{"z":}', 'A value is missing', 6],
    ['{"a":{"b":truE}}', 'A value is missing', 11],
    ['{"a":-}', 'The number is not one', 7],
    ['{"a":01}', 'The number is not one', 6],
    ['{"a":"x}', 'The string is not closed', 6],
    ['{"a":"\\x"}', 'The string is not closed', 6],
    ['{"a\n":1}', 'The string is not closed', 2],
    ['{"a', 'The string is not closed', 2],
    ['{"\\g":1}', 'The string is not closed', 2],
  ])('refuses %j: %s', (text, message, column) => {
    const index = indexOf({ a: [1] }, { a: { b: [1] } });
    for (const around of ['', '\n']) {
      expect(() => index.match(around + text)).toThrow(
        expect.objectContaining({
          code: 'json_invalid',
          message: expect.stringContaining(message),
          place: `line ${around.length + 1}, column ${column}`,
          mend: expect.stringMatching(/./),
        }),
      );
    }
  });

  it('says that a string is not valid where a text was trusted wrongly', () => {
    const index = indexOf({ a: [1] });
    expect(() => index.match('{"a":"\\x"}', { mode: 'trusted' })).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('The string is not valid'),
        place: 'line 1, column 6',
      }),
    );
  });

  it('takes space wherever JSON has it', () => {
    const index = indexOf({ a: [1] }, { b: { c: ['x'] } }, { d: [null] }, { e: { f: [true] } });
    const parts = [
      '{',
      '"z"',
      ':',
      '[',
      '1',
      ',',
      '{',
      '}',
      ']',
      ',',
      '"a"',
      ':',
      '1',
      ',',
      '"b"',
      ':',
      '{',
      '"c"',
      ':',
    ].concat([
      '"x"',
      '}',
      ',',
      '"d"',
      ':',
      '[',
      '2',
      ',',
      'null',
      ']',
      ',',
      '"e"',
      ':',
      '[',
      '{',
      '"f"',
      ':',
      'true',
      '}',
      ',',
      '[',
      ']',
      ']',
      '}',
    ]);
    for (const space of ['', ' ', '\n', '\r', '\t', ' \n\r\t ']) {
      const text = space + parts.join(space) + space;
      for (let round = 0; round < 3; round++) expect(both(index, text), JSON.stringify(space)).toEqual([0, 1, 2, 3]);
    }
    for (const space of ['\u00a0', '\v', '\ufeff'])
      expect(() => index.match(parts.join(space))).toThrow(expect.objectContaining({ code: 'json_invalid' }));
  });

  it('reads strings of any length, with escapes at any place', () => {
    for (let length = 0; length < 60; length++) {
      const value = 'abcdefghij'.repeat(6).slice(0, length);
      const index = indexOf({ a: [value] }, { a: [{ prefix: value }] }, { a: [`${value}"`] }, { a: [{ suffix: '"' }] });
      expect(both(index, `{"a":"${value}"}`)).toEqual([0, 1]);
      expect(both(index, `{"a":"${value}\\""}`)).toEqual([1, 2, 3]);
      expect(both(index, `{"a":"${value}x"}`)).toEqual([1]);
      expect(both(index, `{"a":"${value}\\\\","b":1}`)).toEqual([1]);
      const escaped = value
        .split('')
        .map((unit) => `\\u00${unit.charCodeAt(0).toString(16)}`)
        .join('');
      expect(both(index, `{"a":"${escaped}"}`)).toEqual([0, 1]);
    }
  });

  it('goes to the depth that is allowed and no deeper', () => {
    const path = Array.from({ length: 50 }, () => 'a');
    const pattern = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), [1]);
    for (const [open, close, unnamed] of [
      ['[', ']', false],
      ['{"z":', '}', true],
      ['[{"z":', '}]', true],
    ] as const) {
      const levels = (maxDepth - 1) / (open.startsWith('[{') ? 2 : 1);
      const nest = (n: number): string => `{"a":${open.repeat(n)}1${close.repeat(n)}}`;
      const index = indexOf(pattern, { a: [1] });
      expect(index.match(nest(Math.floor(levels)))).toEqual(unnamed ? [] : [1]);
      expect(() => index.match(nest(Math.floor(levels) + 1))).toThrow(`deeper than ${maxDepth} levels`);
    }
    const nest = (inner: string): string => `${'{"a":'.repeat(50)}${inner}${'}'.repeat(50)}`;
    expect(both(indexOf(pattern), nest('1'))).toEqual([0]);
    const rest = maxDepth - 50;
    expect(indexOf(pattern).match(nest(`${'['.repeat(rest)}1${']'.repeat(rest)}`))).toEqual([0]);
    expect(() => indexOf(pattern).match(nest(`${'['.repeat(rest + 1)}1${']'.repeat(rest + 1)}`))).toThrow('levels');
  });
});

describe('the scan of a trusted event', () => {
  it.each<[string, unknown[], string, number[]]>([
    ['behind the last field', [{ a: ['x'] }], '{"z":1,"a":"x",', [0]],
    ['behind the last of several', [{ a: ['x'] }, { b: ['x'] }], '{"b":"x","z":{"a":1},"a":"y",', [1]],
    ['inside of the object that has it', [{ a: { b: [1], c: [2] } }], '{"a":{"c":2,"z":[{}],"b":1,', [0]],
    ['behind an array of scalars', [{ a: ['x'] }], '{"a":["y","x"],', [0]],
    ['behind an array of objects', [{ a: { b: [1] } }], '{"a":[{"b":2},{"b":1}],', [0]],
    ['behind an array of arrays', [{ a: [1] }], '{"a":[[2],[[1]]],', [0]],
    ['behind an array in an object', [{ a: { b: [1] } }], '{"a":{"b":[0,1],', [0]],
    ['behind a deep object, where names may be joined', [{ a: { b: { c: [1] } } }], '{"a":{"b":{"c":1}},', [0]],
  ])('ends %s', (_, patterns, text, expected) => {
    const index = indexOf(...patterns);
    for (let round = 0; round < 2; round++) {
      expect(index.match(text + unread, { mode: 'trusted' })).toEqual(expected);
      expect(() => index.match(text + unread)).toThrow(expect.objectContaining({ code: 'json_invalid' }));
    }
  });

  it.each<[string, unknown[], string, number[]]>([
    ['a field in an array came once', [{ a: { b: [1] } }], '{"a":[{"b":2},{"b":1}]}', [0]],
    ['a field is in objects of an array in an array', [{ a: { b: [1] } }], '{"a":[[{"b":2}],[{"b":1}]]}', [0]],
    ['a joined name may bring it again', [{ a: { b: { c: [1] } } }], '{"a":{"b":{"c":2},"b.c":1}}', [0]],
    ['another field is missing', [{ a: [1] }, { z: [{ exists: false }] }], '{"a":1,"b":2}', [0, 1]],
    ['a member was empty', [{ a: [1] }, { a: { b: [1] } }], '{"a":{},"c":{"a":1}}', []],
  ])('does not end before %s', (_, patterns, text, expected) => {
    const index = indexOf(...patterns);
    for (let round = 0; round < 3; round++) expect(both(index, text)).toEqual(expected);
  });

  it('reads nothing at all where no rule asks for a field', () => {
    expect(indexOf().match(`{${unread}`, { mode: 'trusted' })).toEqual([]);
    expect(() => indexOf().match(`[${unread}`, { mode: 'trusted' })).toThrow('not a JSON object');
    expect(() => indexOf().match(`{${unread}`)).toThrow('A member name');
  });
});

describe('what the scan learns', () => {
  const exists = [{ op: 'exists' }] as const;

  function scanner(...paths: string[]) {
    const run = createRun();
    const fields = createFields();
    const scan = createTextScan(run);
    for (const path of paths) fields.use({ path, any: exists });
    const field = (path: string) => useField(fields.root, path);
    return {
      root: fields.root,
      field,
      see: (text: string): void => {
        beginRun(run);
        scanText(scan, text, fields.root, fields.size(), true);
      },
    };
  }

  it('is which field comes first and which behind another, and whether others lie between', () => {
    const { root, field, see } = scanner('a', 'b.c', 'b.d');
    see('{"x":1,"a":1,"p":1,"q":1,"r":1,"b":{"c":1,"d":2,"z":3}}');
    expect(root.first).toEqual({ others: 1, field: field('a') });
    expect(field('a').following).toEqual({ others: 2, field: field('b') });
    expect(field('b').first).toEqual({ others: 0, field: field('b.c') });
    expect(field('b.c').following).toEqual({ others: 0, field: field('b.d') });
    expect(field('b.d').following).toEqual({ others: 1, field: undefined });
    expect(field('b').following).toEqual({ others: 0, field: undefined });
    see('{"b":{"d":1}}');
    expect(root.first).toEqual({ others: 0, field: field('b') });
    expect(field('b').first).toEqual({ others: 0, field: field('b.d') });
    expect(field('b.c').following).toEqual({ others: 0, field: field('b.d') });
    // A name with a dot says nothing about the order of the object that it leads to, nor of this one.
    see('{"b.c":1,"a":1}');
    expect(root.first).toEqual({ others: 0, field: field('b') });
    expect(field('b.c').following).toEqual({ others: 0, field: field('b.d') });
  });

  it('is to pass over many others together, where that has come before', () => {
    const { root, field, see } = scanner('a', 'b');
    see('{"o":1,"p":2,"q":3,"a":1,"r":1,"b":1}');
    expect([root.first.others, root.others]).toEqual([2, undefined]);
    see('{"o":1,"p":2,"q":3,"a":1,"r":1,"b":1}');
    expect([root.first.others, root.others]).toEqual([2, expect.any(RegExp)]);
    expect(field('a').following).toEqual({ others: 1, field: field('b') });
    // They did not come: so they are not looked for next time.
    see('{"a":1,"b":1}');
    expect(root.first).toEqual({ others: 0, field: field('a') });
    see('{"o":[],"p":2,"q":3,"a":1}');
    see('{"o":[],"p":2,"q":3,"a":1}');
    expect(root.first).toEqual({ others: 2, field: field('a') });
  });

  it('is not used among many fields, nor in very long texts', () => {
    const sixteen = Array.from({ length: 16 }, (_, i) => `n${i}`);
    const text = '{"o":1,"p":2,"q":3,"n0":1}';
    const few = scanner(...sixteen);
    const many = scanner(...sixteen, 'n16');
    const long = scanner('n0');
    for (let i = 0; i < 2; i++) {
      few.see(text);
      many.see(text);
      long.see(text + ' '.repeat(1_048_577 - text.length));
    }
    expect([few.root.others, many.root.others, long.root.others]).toEqual([expect.any(RegExp), undefined, undefined]);
    long.see(text + ' '.repeat(1_048_576 - text.length));
    expect(long.root.others).toEqual(expect.any(RegExp));
  });
});

describe('the order of members', () => {
  it('may change with every event', () => {
    const index = indexOf({ a: ['x'], b: ['x'], c: { d: ['x'], e: ['x'] } }, { a: ['y'] }, { c: { d: ['y'] } });
    const members = [
      '"a":"x"',
      '"b":"x"',
      '"c":{"d":"x","e":"x"}',
      '"p":1',
      '"q":"b"',
      '"r":{"a":"y"}',
      '"s":[{"a":"y"}]',
    ];
    let state = 2;
    const below = (n: number): number => (state = (state * 48_271) % 2_147_483_647) % n;
    for (let round = 0; round < 300; round++) {
      const shuffled = members.map((member) => [below(1000), member] as const).toSorted(([a], [b]) => a - b);
      const texts = shuffled.map(([, member]) =>
        below(2) === 0 ? member : member.replace('"d":"x","e":"x"', '"o":0,"e":"x","o2":[],"o3":{},"d":"x"'),
      );
      expect(both(index, `{${texts.join()}}`)).toEqual([0]);
      expect(both(index, `{${texts.slice(below(3)).join()}}`).includes(1)).toBe(false);
      expect(both(index, `{${texts.join().replace('"a":"x"', '"a":"y"')}}`)).toEqual([1]);
      expect(both(index, `{${texts.join().replace('"d":"x"', '"d":"y"')}}`)).toEqual([2]);
    }
  });

  it('is not taken from one object for another', () => {
    const index = indexOf({ a: { b: [1], c: [2] } }, { d: { b: [1], c: [2] } });
    for (const text of [
      '{"a":{"b":1,"c":2},"d":{"c":2,"b":1}}',
      '{"a":{"c":2,"b":1},"d":{"b":1,"c":2}}',
      '{"d":{"b":1,"c":2},"a":{"x":0,"c":2,"y":0,"z":0,"b":1}}',
      '{"a":[{"b":1,"c":2},{"c":3}],"d":[{"c":1},{"x":1,"y":"\\"","c":2,"b":1}]}',
    ])
      for (let round = 0; round < 2; round++) expect(both(index, text), text).toEqual([0, 1]);
  });

  it('holds where so many names are asked for that runs of others are not passed over together', () => {
    const names = Array.from({ length: 20 }, (_, i) => `n${i}`);
    const index = indexOf(...names.map((name) => ({ [name]: ['x'] })));
    const text = `{"o1":1,"o2":"n3","o3":null,${names.map((name) => `"${name}":"x","p${name}":0,"q${name}":"x"`).join()}}`;
    for (let round = 0; round < 3; round++) expect(both(index, text)).toEqual(names.map((_, i) => i));
  });
});
