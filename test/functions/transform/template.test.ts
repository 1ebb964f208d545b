import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureOf, newEvent, runToOne } from './context.ts';

const data = { name: 'Ann', n: 1.5, ok: true, none: null, list: ['a', 1], object: { k: 'v' }, evil: '"${b}"' };
const values = Object.fromEntries(Object.keys(data).map((name) => [name, `$.data.${name}`]));

async function fill(template: string, changes: Record<string, unknown> = {}, mode = 'strict') {
  return runToOne([{ template: { values: { ...values, ...changes }, template, mode } }], newEvent({ data }));
}

describe('text', () => {
  it.each([
    ['Hello ${name}, ${n} ${ok} ${none} ${gone}', 'Hello Ann, 1.5 true null null', { gone: '$.data.gone' }],
    ['${list} ${object}', '["a",1] {"k":"v"}', {}],
    ['${type}: ${b}', 'order.created: B ${unknown}', { type: '$.type', b: 'B ${unknown}' }],
    ['$${name} $$${name} ${name', '${name} $${name} ${name', {}],
    ['${ name } ${x:-default ${b}', '${ name } default ${b', { b: 'B' }],
    ['${${name}}', '${${name}}', {}],
    ['${a}', 'xByAnn', { a: 'x${b}y${name}', b: 'B' }],
    ['${money} ${one} ${yes} ${no}', '$5 1 true null', { money: '$5', one: 1, yes: true, no: null }],
    ['${evil}', '"${b}"', { b: 'B' }],
    ['${all}', '["a",1]', { all: '$.data.list[*]' }],
    ['{"v": ${name}', '{"v": Ann', {}],
    ['', '', {}],
  ])('%s', async (template, expected, changes) => {
    expect(await fill(template, changes)).toMatchObject({ data: expected, datacontenttype: 'text/plain' });
  });

  it('of the whole event', async () => {
    const after = await runToOne([{ template: { values: { all: '$' }, template: '${all}' } }], newEvent({ data: 1 }));
    expect(JSON.parse(String(after['data']))).toMatchObject({ id: 'e1', data: 1 });
  });
});

describe('JSON', () => {
  it.each([
    ['{"v": ${name}, "n": ${n}, "gone": ${gone}}', { v: 'Ann', n: 1.5, gone: null }],
    ['{"v": "${name} ${object} ${evil}"}', { v: 'Ann {"k":"v"} "${b}"' }],
    ['[${object}, "${n}", ${evil}]', [{ k: 'v' }, '1.5', '"${b}"']],
    ['{"a \\" ${name}": "\\\\${ok}"}', { 'a " Ann': '\\true' }],
    ['{"k": "${k}", "v": ${v}}', { k: 'K', v: [1, 'Ann'] }],
  ])('%s', async (template, expected) => {
    const after = await fill(template, { gone: '$.data.gone', k: 'K', v: '[1, ${name}]' });
    expect(after).toMatchObject({ datacontenttype: 'application/json' });
    expect(after['data']).toEqual(expected);
  });

  it('is always valid, and nothing breaks out, whatever the values', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 3 }), fc.string(), async (a, b) => {
        const event = newEvent({ data: JSON.parse(JSON.stringify({ a, b })) as unknown });
        const template = '{"a": ${a}, "b": "x${b}y", "list": ["${a}", ${b}]}';
        const after = await runToOne([{ template: { values: { a: '$.data.a', b: '$.data.b' }, template } }], event);
        const text = typeof a === 'string' ? a : JSON.stringify(a);
        expect(JSON.stringify(after['data'])).toBe(JSON.stringify({ a, b: `x${b}y`, list: [text, b] }));
      }),
    );
  });

  it('is not what a value would run into', async () => {
    for (const template of ['[1${n}]', '[${n}1]', '{${name}: 1}', '["a"${name}]']) {
      expect(await fill(template)).toMatchObject({ datacontenttype: 'text/plain' });
    }
  });
});

describe('mode eventmesh', () => {
  it.each([
    ['${object} ${list}', '{k=v} [a, 1]', {}],
    ['{"v": "${evil}"}', '{"v": ""B""}', { b: 'B' }],
    ['${a} ${all} ${deep}', 'xBy $.data.list[*] $..a', { a: 'x${b}y', b: 'B', all: '$.data.list[*]', deep: '$..a' }],
  ])('%s', async (template, expected, changes) => {
    expect((await fill(template, changes, 'eventmesh'))['data']).toBe(expected);
  });

  it('makes JSON where the result is an object', async () => {
    expect(await fill('{"v": ${n}}', {}, 'eventmesh')).toMatchObject({ data: { v: 1.5 } });
  });

  it('writes numbers like Java', async () => {
    const numbers = [1e7, 12345678.9, 0.0001, 100, 0.5];
    const step = { template: { values: { n: '$.data' }, template: 'n=${n}', mode: 'eventmesh' } };
    const after = await runToOne([step], newEvent({ data: numbers }));
    expect(after['data']).toBe('n=[10000000, 1.23456789E7, 1.0E-4, 100, 0.5]');
  });

  it('has bounds where values name each other', async () => {
    const doubling = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`v${i}`, `\${v${i + 1}}\${v${i + 1}}`]));
    for (const mode of ['strict', 'eventmesh']) {
      const error = await failureOf([{ template: { values: doubling, template: '${v0}', mode } }]);
      expect(error.code).toMatch(/^step_/);
    }
  });
});

describe('what is refused', () => {
  it.each([
    [{ values: { a: '$..a' }, template: '${a}' }, '/values/a'],
    [{ values: { a: '$.a[?(@.b)]' }, template: '' }, '/values/a'],
    [{ values: { a: '${b}', b: '${a}' }, template: '${a}' }, '/values/'],
    [{ values: { a: '${a}' }, template: '${a}' }, '/values/a'],
    [{ values: { a: { b: 1 } }, template: '' }, '/values/a'],
    [{ values: {} }, ''],
    [{ template: 'x', other: 1 }, ''],
    [{ template: 'x', mode: 'upstream' }, '/mode'],
  ])('%j', async (spec, place) => {
    const error = await failureOf([{ template: spec }]);
    expect(error).toMatchObject({ code: 'step_invalid' });
    expect(error.place).toContain(`/steps/0/template${place}`);
  });

  it('a circle, by every event in mode eventmesh', async () => {
    const spec = { values: { a: '${b}', b: '${a}' }, template: '${a}', mode: 'eventmesh' };
    expect(await failureOf([{ template: spec }])).toMatchObject({ code: 'step_failed' });
  });

  it('a result that is too long', async () => {
    const spec = { values: { a: '$.data' }, template: '${a}'.repeat(2000) };
    expect(await failureOf([{ template: spec }], newEvent({ data: 'x'.repeat(1000) }))).toMatchObject({
      code: 'step_failed',
    });
  });
});
