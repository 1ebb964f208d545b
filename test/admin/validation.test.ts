import { describe, expect, it } from 'vitest';
import { fillDefaults, findFaults, throwFaults } from '../../admin/validation.ts';

const placesOf = (schema: object, value: unknown): unknown[] => findFaults(schema, value).map(({ place }) => place);

describe('findFaults', () => {
  it.each(['a b', 'a#b', 'a%23b', 'a%b', 'a/b', 'a~b', 'ü🎈', '"', '$ref', 'a?b', '\u0000', '#'])(
    'points at the member %j',
    (name) => {
      const schema = { type: 'object', properties: {}, additionalProperties: false };
      const pointer = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      expect(placesOf(schema, { [name]: 1 })).toEqual([pointer]);
    },
  );

  it('points into arrays and nested objects, below the place it is given', () => {
    const item = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
    const schema = { type: 'array', items: item };
    expect(findFaults(schema, [{ n: 1 }, { n: 'x' }, {}], '/list').map(({ place }) => place)).toEqual([
      '/list/1/n',
      '/list/2/n',
    ]);
  });

  it('names a choice that nothing fits once, not every alternative', () => {
    const strict = (name: string): object => ({
      type: 'object',
      properties: { [name]: { type: 'string' } },
      required: [name],
      additionalProperties: false,
    });
    for (const keyword of ['anyOf', 'oneOf']) {
      const schema = {
        type: 'object',
        properties: { auth: { [keyword]: [strict('basic'), strict('bearer')] }, port: { type: 'integer' } },
      };
      expect(placesOf(schema, { auth: { x: 1, y: 2 }, port: 'x' })).toEqual(['/auth', '/port']);
      expect(placesOf(schema, { auth: { basic: 'x' } })).toEqual([]);
    }
  });

  it('knows what is allowed beside an unknown member, at every depth', () => {
    const schema = {
      type: 'object',
      properties: { retry: { type: 'object', properties: { maxAge: {} }, additionalProperties: false } },
      additionalProperties: false,
    };
    expect(findFaults(schema, { retry: { maxage: 1 }, rtry: 1 })).toMatchObject([
      { place: '/retry/maxage', mend: 'Did you mean maxAge? Known here: maxAge.' },
      { place: '/rtry', mend: 'Did you mean retry? Known here: retry.' },
    ]);
  });

  it('never repeats a value', () => {
    const schema = {
      type: 'object',
      properties: {
        a: { enum: ['x'] },
        b: { pattern: '^x$' },
        c: { maxLength: 1 },
        d: { type: 'integer' },
        e: { const: 'x' },
        f: { maximum: 1 },
        g: { uniqueItems: true },
        h: { not: {} },
        i: { format: 'date' },
      },
    };
    const secret = 'hunter2';
    const value = {
      a: secret,
      b: secret,
      c: secret,
      d: secret,
      e: secret,
      f: 472,
      g: [secret, secret],
      h: secret,
      i: secret,
    };
    const faults = findFaults(schema, value);
    expect(faults).toHaveLength(9);
    expect(JSON.stringify(faults)).not.toMatch(/hunter2|472/);
  });

  it('follows references', () => {
    const schema = { type: 'object', properties: { a: { $ref: '#/$defs/n' } }, $defs: { n: { type: 'integer' } } };
    expect(placesOf(schema, { a: 'x' })).toEqual(['/a']);
  });
});

describe('throwFaults', () => {
  it('throws nothing without a fault', () => {
    expect(() => throwFaults([])).not.toThrow();
  });

  it('throws a single fault as itself', () => {
    const fault = { code: 'filter_invalid', detail: 'No.', place: '/filter', mend: 'Yes.' } as const;
    const { detail, ...members } = fault;
    expect(() => throwFaults([fault])).toThrow(
      expect.objectContaining({ ...members, message: detail, errors: undefined }),
    );
  });
});

describe('fillDefaults', () => {
  const schema = {
    properties: {
      first: { default: 1 },
      nested: { default: {}, properties: { inner: { default: 'x' } } },
      list: { items: { properties: { flag: { default: false } } } },
    },
  };

  it('fills in what is absent, at every depth, in the order of the schema', () => {
    const filled = fillDefaults(schema, { extra: 0, list: [{}, { flag: true }] });
    expect(JSON.stringify(filled)).toBe(
      '{"first":1,"nested":{"inner":"x"},"list":[{"flag":false},{"flag":true}],"extra":0}',
    );
  });

  it('keeps what is there, and changes nothing in place', () => {
    const value = { first: 0, nested: { inner: null } };
    const copy = structuredClone(value);
    expect(fillDefaults(schema, value)).toEqual(copy);
    expect(value).toEqual(copy);
    expect(schema.properties.nested.default).toEqual({});
  });
});
