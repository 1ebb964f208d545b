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
    ['data.**.tags[*]', { ...order, items: [{ phone: 'p1', tags: ['****'] }, { phone: 'p2' }] }],
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

describe('one value and an array of one', () => {
  it.each([
    ['data.phones[*]', { phones: 'p1' }, { phones: '****' }],
    ['data.phones[0]', { phones: 'p1' }, { phones: '****' }],
    ['data.phones[1]', { phones: 'p1' }, { phones: 'p1' }],
    ['data.items[*].phone', { items: { phone: 'p1' } }, { items: { phone: '****' } }],
    ['data.items.phone', { items: { phone: 'p1' } }, { items: { phone: '****' } }],
    [
      'data.items.phone',
      { items: [[{ phone: 'p1' }], { phone: 'p2' }] },
      { items: [[{ phone: '****' }], { phone: '****' }] },
    ],
    ['data.a.b.c', [{ a: [{ b: [[{ c: 1 }]] }] }], [{ a: [{ b: [[{ c: '****' }]] }] }]],
  ])('are the same to %s', async (path, data, expected) => {
    expect(await dataAfter(data, [path])).toEqual(expected);
  });
});

describe('a value that several paths lead to', () => {
  const person = { phone: { home: 'p1', work: 'p2' }, name: 'n' };
  const hash = { hash: { secret: 'pii' } };

  it('is treated once, whatever the order of the paths', async () => {
    const once = await dataAfter(person, ['data.phone'], hash);
    for (const paths of [
      ['data.phone', 'data.phone'],
      ['data.phone.home', 'data.phone'],
      ['data.phone', 'data.phone.home'],
      ['data.**.phone', 'data["phone"]', 'data.phone.*'],
    ]) {
      expect(await dataAfter(person, paths, hash)).toEqual(once);
    }
  });

  it('is not looked into afterwards', async () => {
    const text = '{"phone":"13812345678","mail":"ann@example.com"}';
    const [token] = Object.values(
      (await dataAfter({ phone: text }, ['data.phone'], { tokenise: { secret: 'pii' } })) as object,
    );
    expect(
      await dataAfter({ phone: text }, ['data.**.phone', 'data.**.mail'], { tokenise: { secret: 'pii' } }),
    ).toEqual({
      phone: token,
    });
  });
});

describe('texts that are JSON', () => {
  it.each([
    ['data.message.phone', { message: '{ "phone": "p1", "n": 1 }' }, { message: '{"phone":"****","n":1}' }],
    ['data.**.phone', { message: '[{"phone":"p1"}]' }, { message: '[{"phone":"****"}]' }],
    ['data.message[1]', { message: '["p1","p2"]' }, { message: '["p1","****"]' }],
    [
      'data.message.*.phone',
      { message: '{"to":"{\\"phone\\":\\"p1\\"}"}' },
      { message: '{"to":"{\\"phone\\":\\"****\\"}"}' },
    ],
    ['data.message', { message: '{"phone":"p1"}' }, { message: '****' }],
    ['data.message.other', { message: '{ "phone": "p1" }' }, { message: '{ "phone": "p1" }' }],
    ['data.message.phone', { message: '{phone: p1}' }, { message: '{phone: p1}' }],
    ['data.phone', '{"phone":"p1"}', '{"phone":"****"}'],
  ])('are searched: %s', async (path, data, expected) => {
    expect(await dataAfter(data, [path])).toEqual(expected);
  });

  it('keep nothing of a name that stands in them twice', async () => {
    const data = { message: '{"to":{"phone":"p1"},"to":{"mail":"m"}}' };
    expect(await dataAfter(data, ['data.message.to.phone'])).toEqual({ message: '{"to":{"mail":"m"}}' });
    const nested = { outer: JSON.stringify([JSON.stringify(data)]) };
    expect(JSON.stringify(await dataAfter(nested, ['data.outer.message.to.phone']))).not.toContain('p1');
  });

  it('keep integers that a number cannot hold', async () => {
    const data = { message: '{"phone":"p1","id":12345678901234567890}' };
    expect(await dataAfter(data, ['data.message.phone'], 'drop')).toEqual({ message: '{"id":12345678901234567890}' });
  });

  it('fail the step when they are nested deeper than an event may be', async () => {
    const message = `${'['.repeat(65)}{"phone":"p1"}${']'.repeat(65)}`;
    const error = await failureOf([{ redact: { paths: ['data.**.phone'] } }], newEvent({ data: { message } }));
    expect(error).toMatchObject({ code: 'step_failed', place: '/steps/0/redact/paths' });
    expect(await dataAfter({ message }, ['data.**.phone', 'data.message'])).toEqual({ message: '****' });
  });
});

describe('the JSON of an event', () => {
  const redacted = async (data: string, path: string) =>
    (
      await runToEvent(
        [{ redact: { paths: [path] } }],
        fromJson(`{"specversion":"1.0","id":"1","source":"/s","type":"t","data":${data}}`),
      )
    ).json;

  it('keeps neither of two members of one name', async () => {
    expect(await redacted('{"phone":"p1","phone":"p2"}', 'data.phone')).not.toMatch(/p1|p2/);
    expect(await redacted('{"to":{"phone":"p1"},"to":{"mail":"m"}}', 'data.to.phone')).not.toContain('p1');
  });

  it('hides a member whose name is written with escapes', async () => {
    expect(await redacted('{"ph\\u006fne":"p1"}', 'data.phone')).not.toContain('p1');
    expect(await redacted('{"phone":"p1"}', 'data["phone"]')).not.toContain('p1');
  });

  it('is compared by the exact letters of names', async () => {
    expect(await redacted('{"Phone":"p1","phone":"p2"}', 'data.phone')).toContain('{"Phone":"p1","phone":"****"}');
  });
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

  it('can be redacted as a whole, binary ones by the path data as well', async () => {
    expect(await dataAfter('id=110101199001011234', ['data'])).toBe('****');
    const binary = newEvent({ data_base64: 'aGFsbG8=', datacontenttype: 'image/png' });
    for (const how of [{ mask: 'keep-last-4' }, { hash: { secret: 'pii' } }]) {
      const hiddenWhole = await runToOne([{ redact: { paths: ['data', 'data.id'], with: how } }], binary);
      expect(hiddenWhole).toMatchObject({ data: '****', datacontenttype: 'image/png' });
      expect(hiddenWhole).not.toHaveProperty('data_base64');
    }
    const without = await runToOne([{ redact: { paths: ['data'], with: 'drop' } }], binary);
    expect(Object.keys(without)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^data(_|$)/)]));
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
  it('are not taken for the names of an event that came before', async () => {
    const steps = [{ redact: { paths: ['data.état'], with: 'drop' } }];
    const read = (data: string) =>
      runToOne(steps, fromJson(`{"specversion":"1.0","id":"1","source":"/s","type":"t","data":${data}}`));
    await read('{"customer":1,"\\\\u00":1}');
    expect(await read('{"customer":1,"\\u00e9tat":"SECRET"}')).toMatchObject({ data: { customer: 1 } });
    expect(JSON.stringify(await read('{"customer":1,"\\u00e9tat":"SECRET"}'))).not.toContain('SECRET');
    const nested = (text: string) => read(JSON.stringify({ text }));
    await nested('{"buyer":1,"\\\\u00":1}');
    const all = [{ redact: { paths: ['data.**.état'], with: 'drop' } }];
    const event = newEvent({ data: { text: '{"buyer":1,"\\u00e9tat":"SECRET"}' } });
    expect(JSON.stringify(await runToOne(all, event))).not.toContain('SECRET');
  });

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

  it.each(['drop', { hash: { secret: 'pii' } }, { tokenise: { secret: 'pii' } }, { generalise: { date: 'year' } }])(
    'is in the order of the spec for %j, each path once for however many values',
    async (how) => {
      const notes: (readonly string[] | undefined)[] = [];
      const steps = [{ redact: { paths: ['data.**.b', 'data.none', 'data.a[*]', 'subject'], with: how } }];
      const event = newEvent({ subject: 's', data: { a: [1, 2], x: [{ b: 3 }, { b: 4 }] } });
      await runToOne(steps, event, { trace: ({ touched }) => notes.push(touched) });
      expect(notes).toEqual([['data.**.b', 'data.a[*]', 'subject']]);
    },
  );

  it('is data for a binary payload', async () => {
    const notes: (readonly string[] | undefined)[] = [];
    const steps = [{ redact: { paths: ['data'] } }];
    await runToOne(steps, newEvent({ data_base64: 'AA==' }), { trace: ({ touched }) => notes.push(touched) });
    expect(notes).toEqual([['data']]);
  });
});

describe('very many values', () => {
  it('are hashed up to a bound, then the step fails', async () => {
    const steps = [{ redact: { paths: ['data[*]'], with: { hash: { secret: 'pii', length: 16 } } } }];
    const data = (count: number) => newEvent({ data: Array.from({ length: count }, (_, index) => index) });
    expect((await runToOne(steps, data(20_000)))['data']).toHaveLength(20_000);
    expect(await failureOf(steps, data(20_001))).toMatchObject({
      code: 'fuel_exhausted',
      place: '/steps/0/redact/paths',
    });
  });
});
