import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureOf, newEvent, runToEvent, runToOne } from './context.ts';

const nested = { a: { b: { c: 1 }, d: [{ e: 2 }, [3]] }, f: null, g: {}, h: [] };

async function flat(spec: Record<string, unknown>, data: unknown = nested) {
  return (await runToOne([{ flatten: spec }], newEvent({ data })))['data'];
}

describe('flatten', () => {
  it.each([
    [{}, { 'a.b.c': 1, 'a.d': [{ e: 2 }, [3]], f: null, g: {}, h: [] }],
    [{ separator: '_' }, { a_b_c: 1, a_d: [{ e: 2 }, [3]], f: null, g: {}, h: [] }],
    [{ arrays: 'index' }, { 'a.b.c': 1, 'a.d.0.e': 2, 'a.d.1.0': 3, f: null, g: {}, h: [] }],
    [{ depth: 2 }, { 'a.b': { c: 1 }, 'a.d': [{ e: 2 }, [3]], f: null, g: {}, h: [] }],
    [{ path: 'data.a' }, { ...nested, a: { 'b.c': 1, d: [{ e: 2 }, [3]] } }],
    [
      { path: 'data.a.d', arrays: 'index' },
      { ...nested, a: { b: { c: 1 }, d: { '0.e': 2, '1.0': 3 } } },
    ],
    [{ path: 'data.*' }, { ...nested, a: { 'b.c': 1, d: [{ e: 2 }, [3]] } }],
    [{ path: 'data.none' }, nested],
  ])('%j', async (spec, expected) => {
    expect(await flat(spec)).toEqual(expected);
  });

  it('goes into the objects of an array by a path', async () => {
    expect(await flat({ path: 'data[*]' }, [{ a: { b: 1 } }, 2])).toEqual([{ 'a.b': 1 }, 2]);
    expect(await flat({}, [{ a: { b: 1 } }])).toEqual([{ a: { b: 1 } }]);
    expect(await flat({ arrays: 'index' }, [{ a: { b: 1 } }])).toEqual({ '0.a.b': 1 });
  });

  it('leaves what is no object', async () => {
    for (const payload of [{ data: 'text' }, { data: null }, { data_base64: 'AA==' }, {}]) {
      const event = newEvent(payload);
      expect(await runToOne([{ flatten: {} }], event)).toEqual(JSON.parse(event.json));
    }
  });

  it('fails where two members would have one name', async () => {
    const error = await failureOf([{ flatten: {} }], newEvent({ data: { 'a.secret': 1, a: { secret: 2 } } }));
    expect(error).toMatchObject({ code: 'step_failed' });
    expect(error.message).not.toContain('secret');
  });

  it('has a bound for names', async () => {
    const long = 'x'.repeat(100_000);
    const data = { [long]: Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`k${index}`, 0])) };
    expect(await failureOf([{ flatten: {} }], newEvent({ data }))).toMatchObject({ code: 'step_failed' });
  });

  it('takes __proto__ for a name like any other', async () => {
    const event = newEvent({ data: JSON.parse('{"__proto__":{"a":{"b":1}},"c":{"__proto__":2}}') as unknown });
    expect((await runToEvent([{ flatten: {} }], event)).json).toContain('{"__proto__.a.b":1,"c.__proto__":2}');
    const only = newEvent({ data: JSON.parse('{"__proto__":{}}') as unknown });
    expect((await runToEvent([{ flatten: {} }], only)).json).toContain('{"__proto__":{}}');
  });

  it.each([
    { separator: '' },
    { depth: 1 },
    { depth: 2.5 },
    { arrays: 'drop' },
    { path: 'subject' },
    { path: 'data.**.a' },
  ])('is refused with %j', async (spec) =>
    expect(await failureOf([{ flatten: spec }])).toMatchObject({ code: 'step_invalid' }),
  );

  it('loses nothing: what was nested can be told from the names', async () => {
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.dictionary(
        fc.constantFrom('a', 'b', '__proto__', 'toString'),
        fc.oneof(
          { maxDepth: 4, depthIdentifier: 't' },
          fc.constantFrom(1, 'x', null, true),
          fc.constant([1]),
          tie('tree'),
        ),
        { maxKeys: 3, depthIdentifier: 't' },
      ),
    }));
    await fc.assert(
      fc.asyncProperty(tree, async (data) => {
        const event = newEvent({ data: JSON.parse(JSON.stringify(data)) as unknown });
        const after = await flat({}, (JSON.parse(event.json) as { data: unknown }).data);
        expect(sorted(nest(after as Record<string, unknown>))).toBe(sorted(data));
      }),
    );
  });
});

function nest(flat: Record<string, unknown>): unknown {
  const root = Object.create(null) as Record<string, unknown>;
  for (const [joined, value] of Object.entries(flat)) {
    const names = joined.split('.');
    const last = names.pop() ?? '';
    let inner = root;
    for (const name of names) inner = (inner[name] ??= Object.create(null)) as Record<string, unknown>;
    inner[last] = value;
  }
  return root;
}

/** JSON with the members in the order of their names. */
function sorted(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
  const members = Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${sorted(member)}`).join(',')}}`;
}
