import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { TulleError } from '../../../event/error.ts';
import { compileSchema, type JsonSchema } from '../../../functions/schema/schema.ts';

const draft07 = 'http://json-schema.org/draft-07/schema#';

/** `place keyword` of every fault. */
function faultsOf(schema: JsonSchema, value: unknown): string[] {
  const compiled = compileSchema(schema);
  const faults = compiled.validate(value);
  expect(compiled.check(value)).toBe(faults.length === 0);
  return faults.map(({ place, keyword }) => `${place} ${keyword}`);
}

function times(count: number, make: (n: number) => object): object[] {
  return Array.from({ length: count }, (_, n) => make(n));
}

/** Conditions are written as text: an object with `then` is taken for a promise. */
function parse(text: string): JsonSchema {
  return JSON.parse(text) as JsonSchema;
}

describe('compileSchema', () => {
  it.each<[string, JsonSchema, unknown, string[]]>([
    ['a type', { type: 'string' }, 1, [' type']],
    ['one of several types', { type: ['string', 'null'] }, 1, [' type']],
    ['an integer that is not', { type: 'integer' }, 1.5, [' type']],
    ['an integer as 1.0', { type: 'integer' }, 1.0, []],
    ['a boolean schema', false, 1, [' false']],
    ['enum', { enum: [1, { a: [1] }] }, { a: [2] }, [' enum']],
    ['enum, members in another order', { enum: [{ a: 1, b: 2 }] }, { b: 2, a: 1 }, []],
    ['const', { const: null }, 0, [' const']],
    [
      'limits',
      { minimum: 2, exclusiveMaximum: 1, multipleOf: 0.1 },
      1.55,
      [' minimum', ' exclusiveMaximum', ' multipleOf'],
    ],
    ['decimal steps', { multipleOf: 0.01 }, 19.99, []],
    ['lengths in characters', { minLength: 2, maxLength: 2 }, '🎈🎈', []],
    ['a length that is too small in characters', { minLength: 3 }, '🎈🎈', [' minLength']],
    ['a Unicode pattern', { pattern: String.raw`^\p{Lu}.$` }, 'É🎈', []],
    [
      'required and types',
      { required: ['a', 'b'], properties: { c: { type: 'null' } } },
      { c: 1 },
      ['/a required', '/b required', '/c type'],
    ],
    [
      'names of Object.prototype',
      { required: ['constructor'], properties: { toString: { type: 'null' } } },
      {},
      ['/constructor required'],
    ],
    ['escaped places', { properties: { 'a/b~': { type: 'null' } } }, { 'a/b~': 1 }, ['/a~1b~0 type']],
    [
      'unknown members behind the others',
      { properties: { b: { type: 'null' } }, additionalProperties: false },
      { a: 1, b: 1 },
      ['/b type', '/a additionalProperties'],
    ],
    ['patterns of names', { patternProperties: { '^x-': { type: 'string' } } }, { 'x-a': 1, y: 1 }, ['/x-a type']],
    ['places in arrays', { items: { properties: { n: { type: 'integer' } } } }, [{ n: 1 }, { n: 'x' }], ['/1/n type']],
    ['items by place', { prefixItems: [{ type: 'null' }], items: false }, [1, 2], ['/0 type', ' items']],
    [
      'items of draft-07',
      { $schema: draft07, items: [{ type: 'null' }], additionalItems: false },
      [1, 2],
      ['/0 type', ' additionalItems'],
    ],
    [
      'repeated items',
      { uniqueItems: true },
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      [' uniqueItems'],
    ],
    ['alternatives once', { anyOf: [{ type: 'string' }, { required: ['a'] }] }, {}, [' anyOf']],
    ['a condition', parse('{"if":{"required":["a"]},"then":{"required":["b"]}}'), { a: 1 }, ['/b required']],
    [
      'what no keyword looked at',
      { allOf: [{ properties: { a: true } }], unevaluatedProperties: false },
      { a: 1, b: 1 },
      ['/b unevaluatedProperties'],
    ],
    [
      'references into themselves',
      { properties: { next: { $ref: '#' }, n: { type: 'integer' } } },
      { next: { next: { n: 'x' } } },
      ['/next/next/n type'],
    ],
    ['a format as an annotation', { format: 'date-time' }, 'x', []],
  ])('knows %s', (_name, schema, value, faults) => {
    expect(faultsOf(schema, value)).toEqual(faults);
  });

  it('asserts the formats that it knows where it is told to', () => {
    const compiled = compileSchema({ items: { format: 'date' } }, { assertFormats: true });
    expect(compiled.validate(['2026-02-29', '2028-02-29', 1]).map(({ place }) => place)).toEqual(['/0']);
    expect(compileSchema({ format: 'unknown' }, { assertFormats: true }).check('x')).toBe(true);
  });

  it('never repeats a value, only names', () => {
    const secret = 'hunter2';
    const schema = {
      properties: {
        a: { type: 'integer' },
        b: { enum: [1] },
        c: { pattern: '^x$' },
        d: { maxLength: 1 },
        e: { not: {} },
      },
      additionalProperties: false,
    };
    const value = { a: secret, b: secret, c: secret, d: secret, e: secret, f: secret };
    const faults = compileSchema(schema).validate(value);
    expect(faults).toHaveLength(6);
    expect(JSON.stringify(faults)).not.toContain(secret);
  });

  it('lists at most 50 faults', () => {
    expect(compileSchema({ items: { type: 'null' } }).validate(Array.from({ length: 200 }).fill(1))).toHaveLength(50);
  });

  it('leads references to the documents that it is given, and nowhere else', () => {
    const documents = new Map<string, JsonSchema>([['https://example.com/n.json', { type: 'integer' }]]);
    const schema = { $id: 'https://example.com/main.json', items: { $ref: 'n.json' } };
    expect(compileSchema(schema, { documents }).check(['x'])).toBe(false);
    expect(() => compileSchema(schema)).toThrow(
      expect.objectContaining({ code: 'schema_invalid', place: '/items/$ref' }),
    );
  });

  it.each<[string, unknown, string]>([
    ['a faulty argument', { properties: { a: { minLength: -1 } } }, '/properties/a/minLength'],
    ['no schema', { items: 5 }, '/items'],
    ['no list', { allOf: {} }, '/allOf'],
    ['no names', { required: [1] }, '/required'],
    ['a faulty pattern', { patternProperties: { '(': true } }, '/patternProperties'],
    [
      'patterns that take too much room',
      { allOf: times(30, (n) => ({ pattern: `a{${3900 + n}}` })) },
      '/allOf/5/pattern',
    ],
    ['too many patterns', { allOf: times(201, (n) => ({ pattern: `a${n}` })) }, '/allOf/200/pattern'],
    ['a dialect that is not known', { $schema: 'https://json-schema.org/draft/2019-09/schema' }, '/$schema'],
    ['a reference to nowhere', { $ref: '#missing' }, '/$ref'],
  ])('refuses %s, with the place', (_name, schema, place) => {
    expect(() => compileSchema(schema as JsonSchema)).toThrow(
      expect.objectContaining({ code: 'schema_invalid', place }),
    );
  });

  it('refuses keywords of the other draft where it is strict', () => {
    expect(() => compileSchema({ $schema: draft07, prefixItems: [] }, { strict: true })).toThrow(TulleError);
    expect(compileSchema({ $schema: draft07, prefixItems: [false] }).check([1])).toBe(true);
  });
});

describe('a process that may not generate code', () => {
  it('compiles and checks', async () => {
    const source = join(import.meta.dirname, '../../../functions/schema/schema.ts');
    const program = `
      import { compileSchema } from ${JSON.stringify(source)};
      try { new Function('1'); } catch { console.log(compileSchema({ items: { pattern: '^a' } }).check(['a', 'b'])); }`;
    const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '-e', program];
    const { stdout } = await promisify(execFile)(process.execPath, flags);
    expect(stdout).toBe('false\n');
  });
});

describe('a hostile schema or value', () => {
  const nested = (levels: number, wrap: (inner: unknown) => unknown): unknown => {
    let value: unknown = 1;
    for (let level = 0; level < levels; level += 1) value = wrap(value);
    return value;
  };
  const doubling: JsonSchema = {
    $ref: '#/$defs/n40',
    $defs: Object.fromEntries(
      Array.from({ length: 41 }, (_, n) => [
        `n${n}`,
        n === 0 ? {} : { allOf: [{ $ref: `#/$defs/n${n - 1}` }, { $ref: `#/$defs/n${n - 1}` }], type: 'integer' },
      ]),
    ),
  };

  it.each<[string, JsonSchema, unknown]>([
    ['a reference to itself', { $ref: '#' }, 1],
    [
      'two references to one another',
      { $defs: { a: { $ref: '#/$defs/b' }, b: { anyOf: [{ $ref: '#/$defs/a' }] } }, $ref: '#/$defs/a' },
      1,
    ],
    ['references that double', doubling, 1],
    ['a pattern that backtracks', { pattern: '^(a+)+$' }, `${'a'.repeat(50_000)}b`],
    [
      'many patterns on many names',
      {
        patternProperties: Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`a.*${index}`, false])),
        required: ['x'],
      },
      Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`a${index}z`, 1])),
    ],
    [
      'a very deep value',
      { type: 'object', additionalProperties: { $ref: '#' } },
      nested(5_000, (inner) => ({ inner })),
    ],
    [
      'a list that is not unique at its end',
      { uniqueItems: true },
      [...Array.from({ length: 50_000 }, (_, index) => [index]), [0]],
    ],
  ])('ends soon: %s', (_name, schema, value) => {
    const started = performance.now();
    const faults = compileSchema(schema).validate(value);
    expect(faults.length).toBeGreaterThan(0);
    // A way that is not linear takes minutes.
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it('is refused when its references form a long chain', () => {
    const links = Array.from({ length: 5000 }, (_, n) => [`n${n}`, n === 0 ? {} : { $ref: `#/$defs/n${n - 1}` }]);
    const chain = { $ref: '#/$defs/n4999', $defs: Object.fromEntries(links) as object };
    expect(() => compileSchema(chain)).toThrow(expect.objectContaining({ code: 'schema_invalid' }));
  });

  it('is refused when it is nested too deeply', () => {
    expect(() => compileSchema(nested(200, (items) => ({ items })) as JsonSchema)).toThrow(TulleError);
  });

  it('reaches no prototype', () => {
    const schema = parse('{"properties":{"__proto__":{"type":"string"}},"required":["__proto__"]}');
    expect(faultsOf(schema, parse('{"__proto__":1}'))).toEqual(['/__proto__ type']);
    expect(faultsOf(schema, {})).toEqual(['/__proto__ required']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
