import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureOf, newEvent, runToEvent, runToOne } from './context.ts';

async function renamed(moves: Record<string, string>, data: unknown) {
  return (await runToOne([{ rename: moves }], newEvent({ data })))['data'];
}

describe('rename', () => {
  it.each([
    [{ 'data.a': 'data.b' }, { a: 1, c: 2 }, { b: 1, c: 2 }],
    [{ 'data.a': 'data.b.c.d' }, { a: 1 }, { b: { c: { d: 1 } } }],
    [{ 'data.a.b': 'data.c.d' }, { a: { b: 1 }, c: { e: 2 } }, { a: {}, c: { e: 2, d: 1 } }],
    [
      { 'data.a': 'data.b', 'data.b': 'data.a' },
      { a: 1, b: 2 },
      { a: 2, b: 1 },
    ],
    [{ 'data.a': 'data.b' }, { a: 1, b: 2 }, { b: 1 }],
    [{ 'data.a': 'data.a.b' }, { a: 1 }, { a: { b: 1 } }],
    [{ 'data.a.b': 'data.a' }, { a: { b: 1, c: 2 } }, { a: 1 }],
    [{ 'data.l[*].q': 'data.l[*].r' }, { l: [{ q: 1 }, { x: 2 }, 3] }, { l: [{ r: 1 }, { x: 2 }, 3] }],
    [{ 'data.l.q': 'data.l.r.s' }, { l: [{ q: 1 }, { q: 2 }] }, { l: [{ r: { s: 1 } }, { r: { s: 2 } }] }],
    [{ 'data.l[1].q': 'data.l[1].r' }, { l: [{ q: 1 }, { q: 2 }] }, { l: [{ q: 1 }, { r: 2 }] }],
    [{ 'data.*.q': 'data.*.r' }, { a: { q: 1 }, b: { q: 2 } }, { a: { r: 1 }, b: { r: 2 } }],
    [{ 'data["a.b"]': 'data["c d"]' }, { 'a.b': 1 }, { 'c d': 1 }],
    [{ 'data.none': 'data.a', 'data.a.x': 'data.y' }, { a: 1 }, { a: 1 }],
    [{ 'data.a': 'data.b' }, { a: null }, { b: null }],
    [{ 'data.toString': 'data.a' }, {}, {}],
    [{ data: 'data.payload' }, [1], { payload: [1] }],
    [{ 'data.payload': 'data' }, { payload: [1], other: 2 }, [1]],
  ])('%j', async (moves, data, expected) => {
    expect(await renamed(moves as Record<string, string>, data)).toEqual(expected);
  });

  it('moves between attributes and data', async () => {
    const event = newEvent({ subject: 's', level: 5, data: { region: 'eu', kind: 'k2' } });
    const moves = { subject: 'data.subject', level: 'grade', 'data.region': 'region', 'data.kind': 'type' };
    expect(await runToOne([{ rename: moves }], event)).toEqual({
      specversion: '1.0',
      id: 'e1',
      source: '/shop',
      type: 'k2',
      grade: 5,
      region: 'eu',
      data: { subject: 's' },
    });
  });

  it('makes JSON of the text that it wraps', async () => {
    const event = newEvent({ datacontenttype: 'text/plain', data: 'hello' });
    const after = await runToOne([{ rename: { data: 'data.text' } }], event);
    expect(after).toMatchObject({ datacontenttype: 'application/json', data: { text: 'hello' } });
  });

  it('fails where a value is in the way, and where an attribute cannot hold the value', async () => {
    const event = newEvent({ data: { a: 1, b: 'text', c: {} } });
    expect(await failureOf([{ rename: { 'data.a': 'data.b.c' } }], event)).toMatchObject({
      code: 'step_failed',
      place: '/steps/0/rename/data.a',
    });
    expect(await failureOf([{ rename: { 'data.c': 'region' } }], event)).toMatchObject({ code: 'step_failed' });
  });

  it.each([
    { id: 'data.id' },
    { type: 'data.type' },
    { 'data.v': 'specversion' },
    { 'data.v': 'data_base64' },
    { data_base64: 'data.v' },
    { 'data.a': 'Subject' },
    { 'data.a[*]': 'data.b[*]' },
    { 'data.a[*].b': 'data.c' },
    { 'data.**.a': 'data.**.b' },
    { 'data.a[0]': 'data.b' },
    { 'data.a': 'data.c', 'data.b': 'data.c' },
    { 'data.a': '' },
    { '': 'data.a' },
    { 'data.a': 5 },
    {},
  ])('is refused with %j', async (moves) => {
    expect(await failureOf([{ rename: moves }])).toMatchObject({ code: 'step_invalid' });
  });

  it('there and back changes nothing', async () => {
    const name = fc.constantFrom('a', 'b', '__proto__', 'toString', 'x.y');
    const data = fc.dictionary(name, fc.dictionary(name, fc.jsonValue(), { maxKeys: 3 }), { maxKeys: 4 });
    const moves = fc.uniqueArray(fc.tuple(name, name), { selector: (pair) => pair.join(), maxLength: 4, minLength: 1 });
    await fc.assert(
      fc.asyncProperty(data, moves, async (data, pairs) => {
        const old = ([a, b]: readonly [string, string]) => `data[${JSON.stringify(a)}][${JSON.stringify(b)}]`;
        const there = Object.fromEntries(pairs.map((pair, index) => [old(pair), `data.new.n${index}`]));
        const back = Object.fromEntries(Object.entries(there).map(([from, to]) => [to, from]));
        const event = newEvent({ data: JSON.parse(JSON.stringify(data)) as unknown });
        const after = await runToEvent([{ rename: there }, { rename: back }, { omit: { paths: ['data.new'] } }], event);
        expect(JSON.parse(after.json)).toEqual(JSON.parse(event.json));
        expect(Object.prototype).not.toHaveProperty('a');
      }),
    );
  });
});
