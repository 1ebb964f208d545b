import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { context, failureOf, newEvent, runSteps, runToOne } from './context.ts';

const data = {
  name: 'Ann',
  n: 1.5,
  ok: true,
  none: null,
  list: ['a', 'b'],
  object: { k: 'v', n: 1 },
  quote: 'say "hi"',
};
const names = {
  ...Object.fromEntries(Object.keys(data).map((name) => [name, `$.detail.${name}`])),
  gone: '$.detail.x',
};

function specOf(inputTemplate: string, changes: Record<string, unknown> = {}) {
  return { inputTransformer: { inputPathsMap: names, inputTemplate, ...changes } };
}

async function dataOf(inputTemplate: string, changes = {}, event = newEvent({ data })) {
  return (await runToOne([specOf(inputTemplate, changes)], event))['data'];
}

describe('a JSON template', () => {
  it.each([
    ['{"v": <name>}', { v: 'Ann' }],
    ['{"v": <n>}', { v: 1.5 }],
    ['{"v": <ok>}', { v: true }],
    ['{"v": <none>}', { v: null }],
    ['{"v": <list>}', { v: ['a', 'b'] }],
    ['{"v": <object>}', { v: { k: 'v', n: 1 } }],
    ['{"v": <quote>}', { v: 'say "hi"' }],
    ['{"v": <gone>}', { v: '' }],
    ['{"v": "<gone>"}', { v: '' }],
    ['{"v": "<name> <n> <ok> <none>!"}', { v: 'Ann 1.5 true null!' }],
    ['{"v": "a \\"<name>\\" \\\\"}', { v: 'a "Ann" \\' }],
    ['{"v": [<name>, "<name>"]}', { v: ['Ann', 'Ann'] }],
    ['[<name>, <n>]', ['Ann', 1.5]],
    ['<object>', { k: 'v', n: 1 }],
    ['  \n{"v": <name>}\n', { v: 'Ann' }],
  ])('%s', async (template, expected) => {
    const after = await runToOne([specOf(template)], newEvent({ data }));
    expect(after).toMatchObject({ datacontenttype: 'application/json' });
    expect(after['data']).toEqual(expected);
  });

  it('is the data in the place of a payload of any kind', async () => {
    const event = newEvent({ data_base64: 'AA==', datacontenttype: 'image/png' });
    const after = await runToOne([specOf('{"v": <gone>}')], event);
    expect(after).toMatchObject({ data: { v: '' }, datacontenttype: 'application/json' });
    expect(after).not.toHaveProperty('data_base64');
  });
});

describe('a text template', () => {
  it.each([
    ['"<name> has <list> and <object>"', '"Ann has [a,b] and {k:v,n:1}"'],
    ['"<n> <ok> <none> <gone>."', '"1.5 true null ."'],
    ['"a \\"<name>\\""', '"a \\"Ann\\""'],
    ['"<name>"\n"<n>"', '"Ann"\n"1.5"'],
    ['"{[/ <name>"', '"{[/ Ann"'],
    ['"<quote>"', '"say "hi""'],
  ])('%j', async (template, expected) => {
    const after = await runToOne([specOf(template)], newEvent({ data }));
    expect(after).toMatchObject({ data: expected, datacontenttype: 'text/plain' });
  });
});

describe('paths', () => {
  const event = newEvent({ data, subject: 's', region: 'eu', time: '2026-01-01T00:00:00Z', resources: 'r1' });
  const envelope = {
    version: '0',
    id: 'e1',
    'detail-type': 'order.created',
    source: '/shop',
    time: '2026-01-01T00:00:00Z',
    region: 'eu',
    resources: ['r1'],
  };

  it.each([
    ['$.detail.name', 'Ann'],
    ['$.data.name', 'Ann'],
    ['$.detail-type', 'order.created'],
    ['$.type', 'order.created'],
    ['$.subject', 's'],
    ['$.resources[0]', 'r1'],
    ['$.detail.list[*]', ['a', 'b']],
    ['$.detail.none', null],
    ['$', { ...envelope, detail: data }],
  ])('inputPath %s', async (inputPath, expected) => {
    expect((await runToOne([{ inputTransformer: { inputPath } }], event))['data']).toEqual(expected);
  });

  it('lead to a list where the attribute resources holds one', async () => {
    const both = newEvent({ data, resources: '["r1","r2"]' });
    expect((await runToOne([{ inputTransformer: { inputPath: '$.resources[1]' } }], both))['data']).toBe('r2');
  });

  it('that lead to nothing fail the step, or drop the event', async () => {
    const inputPath = '$.detail.x';
    expect(await failureOf([{ inputTransformer: { inputPath } }])).toMatchObject({
      code: 'step_failed',
      place: '/steps/0/inputTransformer/inputPath',
    });
    expect(await runSteps([{ inputTransformer: { inputPath, strict: false } }], event)).toEqual([]);
  });

  it('go to reserved names', async () => {
    const template = `{"arn": <aws.events.rule-arn>, "name": "<aws.events.rule-name>", "at": <aws.events.event.ingestion-time>,
      "event": <aws.events.event>, "json": <aws.events.event.json>}`;
    const rule = { bus: 'default', name: 'my-rule' };
    const after = await runToOne([specOf(template)], event, { rule });
    const { 'detail-type': detailType, ...others } = envelope;
    expect(after['data']).toEqual({
      arn: 'arn:tulle:events:eu::rule/default/my-rule',
      name: 'my-rule',
      at: new Date(context.now).toISOString().replace('.000', ''),
      event: { ...others, detailType },
      json: { ...envelope, detail: data },
    });
  });
});

describe('what is refused', () => {
  it.each([
    ['"<other>"', {}],
    ['"a < b > c"', {}],
    ['{"<name>": 1}', {}],
    ['{"a <name>" : 1}', {}],
    ['{<name>: 1}', {}],
    ['{"v": "<aws.events.event>"}', {}],
    ['"<aws.events.event.json>"', {}],
    ['Hello <name>', {}],
    ['"a" b', {}],
    ['{"v": }', {}],
    ['', {}],
    ['x'.repeat(8193), {}],
    ['"<name>"', { inputPathsMap: { name: '$..name' } }],
    ['"<AWSname>"', { inputPathsMap: { AWSname: '$.name' } }],
    ['"<a.b>"', { inputPathsMap: { 'a.b': '$.name' } }],
    ['"x"', { inputPathsMap: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`n${i}`, '$.a'])) }],
    ['"x"', { inputPath: '$.detail' }],
    ['"x"', { other: 1 }],
  ])('%j with %j', async (template, changes) => {
    expect(await failureOf([specOf(template, changes)])).toMatchObject({ code: 'step_invalid' });
  });

  it.each([{}, { inputPath: 'detail' }, { inputPath: '$', inputPathsMap: {} }])('%j', async (spec) => {
    expect(await failureOf([{ inputTransformer: spec }])).toMatchObject({ code: 'step_invalid' });
  });

  it('is not the form of a template that is not strict, nor a variable of any name', async () => {
    for (const template of ['Hello <name>', '"a" b', '{"v": }', '{"v": "<aws.events.event>"}']) {
      expect(await runSteps([specOf(template, { strict: false })], newEvent({ data }))).toEqual([]);
    }
    expect(await dataOf('"<aws.events.event>"', { strict: false })).toContain('detailType:order.created');
  });
});

describe('what EventBridge never delivers', () => {
  it.each(['{"v": "<object>"}', '{"v": "<list>"}', '{"v": "<quote>"}'])('%s fails, or is dropped', async (template) => {
    const error = await failureOf([specOf(template)], newEvent({ data }));
    expect(error).toMatchObject({ code: 'step_failed', place: '/steps/0/inputTransformer/inputTemplate' });
    expect(error.message).not.toContain('hi');
    expect(await runSteps([specOf(template, { strict: false })], newEvent({ data }))).toEqual([]);
  });

  it('and what it delivers with other members is told apart', async () => {
    const event = newEvent({ data: { name: 'x","admin":"yes' } });
    const template = '{"name": "<name>"}';
    expect(await failureOf([specOf(template)], event)).toMatchObject({ code: 'step_failed' });
    expect(await dataOf(template, { strict: false }, event)).toEqual({ name: 'x', admin: 'yes' });
  });

  it('is never made by a strict template, whatever the data', async () => {
    const template = '{"a": <name>, "b": [<n>, {"c": <list>}], "d": "x <ok> \\" <object>"}';
    await fc.assert(
      fc.asyncProperty(
        fc.record({ name: fc.jsonValue(), n: fc.jsonValue(), list: fc.jsonValue(), ok: fc.string() }),
        async (data) => {
          const event = newEvent({ data: JSON.parse(JSON.stringify(data)) as unknown });
          const mustFail = JSON.stringify(data.ok) !== `"${data.ok}"`;
          if (mustFail) expect(await failureOf([specOf(template)], event)).toMatchObject({ code: 'step_failed' });
          else expect(await dataOf(template, {}, event)).toMatchObject({ d: `x ${data.ok} " ` });
        },
      ),
    );
  });

  it('has bounds', async () => {
    const template = `[${Array.from({ length: 1000 }, () => '<list>').join(',')}]`;
    const event = newEvent({ data: { list: 'x'.repeat(10_000) } });
    expect(await failureOf([specOf(template)], event)).toMatchObject({ code: 'step_failed' });
  });
});

it('takes names and members that are called like what objects inherit', async () => {
  const event = newEvent({ data: JSON.parse('{"__proto__": {"a": 1}, "toString": 2}') as unknown });
  const inputPathsMap = { constructor: '$.detail.toString', p: '$.detail.__proto__' };
  const after = await runToOne([specOf('{"c": <constructor>, "__proto__": <p>}', { inputPathsMap })], event);
  expect(JSON.stringify(after['data'])).toBe('{"c":2,"__proto__":{"a":1}}');
  expect(await failureOf([specOf('"<toString>"', { inputPathsMap: {} })])).toMatchObject({ code: 'step_invalid' });
});
