import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromJson } from '../../../event/json-format.ts';
import { failureOf, newEvent, runToEvent, runToOne } from './context.ts';

async function dataAfter(data: unknown, paths: string[], how?: unknown) {
  const spec = how === undefined ? { paths } : { paths, with: how };
  return (await runToOne([{ redact: spec }], newEvent({ data })))['data'];
}

describe('paths', () => {
  const order = { id: 1, items: [{ phone: 'p1', tags: ['t'] }, { phone: 'p2' }], buyer: { phone: 'p3', name: 'n' } };

  it.each([
    ['data.buyer.phone', { ...order, buyer: { phone: '****', name: 'n' } }],
    ['data.items[0].phone', { ...order, items: [{ phone: '****', tags: ['t'] }, { phone: 'p2' }] }],
    ['data.items[*].phone', { ...order, items: [{ phone: '****', tags: ['t'] }, { phone: '****' }] }],
    ['data.items.phone', { ...order, items: [{ phone: '****', tags: ['t'] }, { phone: '****' }] }],
    ['data.items[*].tags[*]', { ...order, items: [{ phone: 'p1', tags: ['****'] }, { phone: 'p2' }] }],
    ['data.buyer.*', { ...order, buyer: { phone: '****', name: '****' } }],
    ['data["buyer"]["phone"]', { ...order, buyer: { phone: '****', name: 'n' } }],
    [
      'data.**.phone',
      { ...order, items: [{ phone: '****', tags: ['t'] }, { phone: '****' }], buyer: { phone: '****', name: 'n' } },
    ],
    ['data.buyer', { ...order, buyer: '****' }],
    ['data', '****'],
    ['data.nothing.here', order],
    ['data.id.more', order],
    ['data.items[7].phone', order],
    ['data.length', order],
    ['data.items.length', order],
  ])('%s', async (path, expected) => {
    expect(await dataAfter(order, [path])).toEqual(expected);
  });

  it('go to names with any characters in them', async () => {
    const data = { 'a.b': 1, 'c"d': 2, 'e\\f': 3, 'g h': 4 };
    const paths = ['data["a.b"]', 'data["c\\"d"]', 'data["e\\\\f"]', 'data["g h"]'];
    expect(await dataAfter(data, paths, 'drop')).toEqual({});
  });

  it.each(['', '.', 'data.', '.data', 'data..a', 'data[', 'data[a]', 'data[-1]', 'data["a]', 'data.a b', '**', '[0]'])(
    'is refused when it is %j',
    async (path) => {
      expect(await failureOf([{ redact: { paths: [path] } }])).toMatchObject({ code: 'step_invalid' });
    },
  );

  it.each(['data.**', 'data.**.a.**.b', 'subject.a', `data${'.a'.repeat(40)}`, 'Subject', 'data.x'.repeat(60)])(
    'is refused when it is %j',
    async (path) => {
      expect(await failureOf([{ redact: { paths: [path] } }])).toMatchObject({ code: 'step_invalid' });
    },
  );
});

describe('attributes', () => {
  it.each([
    ['id', 'drop'],
    ['source', 'drop'],
    ['type', 'drop'],
    ['specversion', 'drop'],
    ['id', { mask: 'all' }],
    ['specversion', { mask: 'all' }],
    ['time', { mask: 'all' }],
    ['datacontenttype', { mask: 'all' }],
    ['data_base64', { mask: 'all' }],
  ])('%s cannot be redacted with %j', async (path, how) => {
    const error = await failureOf([{ redact: { paths: ['data', path], with: how } }]);
    expect(error).toMatchObject({ code: 'step_invalid', place: '/steps/0/redact/paths/1' });
  });

  it('that are optional can be dropped, and text among them masked', async () => {
    const event = newEvent({ subject: 'person-4711-0815', time: '2026-11-21T12:00:00Z', level: 5, data: {} });
    const steps = [
      { redact: { paths: ['time', 'notthere'], with: 'drop' } },
      { redact: { paths: ['subject', 'level'], with: { mask: 'keep-last-4' } } },
    ];
    const after = await runToOne(steps, event);
    expect(after).not.toHaveProperty('time');
    expect(after).toMatchObject({ subject: '************0815', level: '****' });
  });
});

describe('drop', () => {
  it('removes members, and leaves null in arrays so that the others keep their place', async () => {
    expect(await dataAfter({ a: 1, b: 2 }, ['data.a'], 'drop')).toEqual({ b: 2 });
    expect(await dataAfter([1, 2, 3], ['data[1]'], 'drop')).toEqual([1, null, 3]);
    const after = await runToOne([{ redact: { paths: ['data'], with: 'drop' } }], newEvent({ data: 1 }));
    expect(after).not.toHaveProperty('data');
  });
});

describe('payloads that no path can be searched in', () => {
  it.each([{ data: 'id=110101199001011234' }, { data_base64: 'aGFsbG8=' }])('fail the step: %j', async (payload) => {
    const error = await failureOf([{ redact: { paths: ['data.id'] } }], newEvent(payload));
    expect(error).toMatchObject({ code: 'step_failed', place: '/steps/0/redact/paths' });
    expect(error.message).not.toMatch(/110101|aGFs/);
  });

  it('can be redacted as a whole', async () => {
    expect(await dataAfter('id=110101199001011234', ['data'])).toBe('****');
    const after = await runToOne(
      [{ redact: { paths: ['data_base64'], with: 'drop' } }],
      newEvent({ data_base64: 'AA==' }),
    );
    expect(after).not.toHaveProperty('data_base64');
  });
});

describe('integers that a number cannot hold', () => {
  const data =
    '{"id":12345678901234567890,"list":[-9007199254740993,1.50],"big":98765432109876543210,"text":"1234567890123456789"}';
  const event = () => fromJson(`{"specversion":"1.0","id":"1","source":"/s","type":"t","data":${data}}`);

  it('stay as they were sent, or are masked by their digits', async () => {
    const spec = { paths: ['data.big'], with: { mask: 'keep-last-4' } };
    const after = await runToEvent([{ redact: spec }], event());
    expect(after.json).toContain('"id":12345678901234567890,"list":[-9007199254740993,1.5]');
    expect(after.json).toContain('"big":"****************3210"');
  });

  it('are no objects to a path', async () => {
    const after = await runToEvent([{ redact: { paths: ['data.**.rawJSON', 'data.*.*'] } }], event());
    expect(after.json).toContain('"id":12345678901234567890,"list":["****","****"]');
  });

  it('are numbers to an expression', async () => {
    const steps = [{ redact: { paths: ['data.big'] } }, { transform: { jsonata: 'data.id > 5' } }];
    expect(await runToOne(steps, event())).toMatchObject({ data: true });
  });
});

describe('hostile names', () => {
  it('neither reach a prototype nor hide a value', async () => {
    const event = newEvent({ data: JSON.parse('{"__proto__":{"phone":"p1"},"constructor":{"phone":"p2"}}') });
    const after = await runToEvent([{ redact: { paths: ['data.**.phone', 'data.toString'] } }], event);
    expect(after.json).not.toMatch(/p1|p2/);
    expect(after.json).toContain('"__proto__":{"phone":"****"}');
    expect(Object.prototype).not.toHaveProperty('phone');
    const dropped = await runToEvent([{ redact: { paths: ['data.__proto__'], with: 'drop' } }], event);
    expect(dropped.json).not.toContain('__proto__');
  });
});

describe('what is reported', () => {
  it('are the paths that were touched, never values', async () => {
    const notes: (readonly string[] | undefined)[] = [];
    const steps = [{ redact: { paths: ['data.a', 'data.b', 'subject'] } }];
    await runToOne(steps, newEvent({ data: { a: 'secret' } }), { trace: ({ touched }) => notes.push(touched) });
    expect(notes).toEqual([['data.a']]);
  });
});

describe('whatever the event', () => {
  it('lets no redacted value through', async () => {
    const leaf = fc.uuid().map((uuid) => `secret-${uuid}`);
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.integer(),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'toString'), tie('tree'), { maxKeys: 4 }),
        fc.record({ pin: fc.oneof(leaf, fc.array(leaf), fc.record({ b: leaf })) }),
      ),
    }));
    const how = fc.constantFrom('drop', { mask: 'all' }, { mask: 'email' });
    await fc.assert(
      fc.asyncProperty(tree, how, async (data, with_) => {
        const spec = { paths: ['data.**.pin'], with: with_ };
        const after = await runToEvent([{ redact: spec }], newEvent({ data: { in: data } }));
        expect(after.json).not.toContain('secret-');
      }),
    );
  });
});
