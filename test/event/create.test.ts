import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromObject, toObject } from '../../event/create.ts';
import { TulleError } from '../../event/error.ts';
import { fromJson } from '../../event/json-format.ts';

const minimal = { specversion: '1.0', id: '1', source: '/s', type: 't' };

describe('toObject', () => {
  it('gives attributes and data as a new object each time', () => {
    const event = fromJson(JSON.stringify({ ...minimal, subject: null, n: 5, data: { a: [1] } }));
    const object = toObject(event);
    expect({ ...object }).toEqual({ ...minimal, n: 5, data: { a: [1] } });
    (object.data as { a: number[] }).a.push(2);
    expect({ ...toObject(event) }).toEqual({ ...minimal, n: 5, data: { a: [1] } });
  });

  it('keeps bytes as base64', () => {
    expect(toObject(fromJson(JSON.stringify({ ...minimal, data_base64: 'AQID' }))).data_base64).toBe('AQID');
  });

  it('has no prototype, and a key __proto__ in the data is a key', () => {
    const object = toObject(fromJson(`${JSON.stringify(minimal).slice(0, -1)},"data":{"__proto__":{"polluted":1}}}`));
    expect(Object.getPrototypeOf(object)).toBeNull();
    expect(Object.keys(object.data as object)).toEqual(['__proto__']);
    expect(fromObject(object).json).toContain('"data":{"__proto__":{"polluted":1}}');
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('fromObject', () => {
  it('comes back as the same event', () => {
    const extras = fc.record(
      { data: fc.jsonValue(), n: fc.integer({ min: -9, max: 9 }), ok: fc.boolean() },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(extras, (extra) => {
        const event = fromJson(JSON.stringify({ ...minimal, ...extra }));
        expect(toObject(fromObject(toObject(event)))).toEqual(toObject(event));
      }),
    );
  });

  it('leaves out what is undefined or a null attribute', () => {
    const event = fromObject({ ...minimal, subject: undefined, time: null, data: undefined });
    expect(Object.keys(event.attributes)).toEqual(Object.keys(minimal));
    expect(event.data).toBeUndefined();
  });

  it.each([
    ['undefined', undefined, ''],
    ['null', null, ''],
    ['a string', 'x', ''],
    ['an array', [minimal], ''],
    ['a function', () => minimal, ''],
    ['a missing id', { ...minimal, id: undefined }, '/id'],
    ['a numeric id', { ...minimal, id: 1 }, '/id'],
    ['an object as attribute', { ...minimal, ext: {} }, '/ext'],
    ['an upper-case name', { ...minimal, Ext: 'x' }, '/Ext'],
    ['a fraction', { ...minimal, ext: 0.5 }, '/ext'],
    ['a huge number', { ...minimal, ext: 1e21 }, '/ext'],
    ['a lone surrogate', { ...minimal, subject: '\ud800' }, '/subject'],
    ['data twice', { ...minimal, data: 1, data_base64: 'AA==' }, '/data_base64'],
    ['bytes that are not base64', { ...minimal, data_base64: 'x' }, '/data_base64'],
    ['BigInt', { ...minimal, data: 1n }, ''],
    ['a cycle', cyclic(), ''],
    ['too many levels', { ...minimal, data: nested(100) }, ''],
    ['far too many levels', { ...minimal, data: nested(50_000) }, ''],
  ])('refuses %s', (_what, object, place) => {
    try {
      fromObject(object);
      expect.unreachable();
    } catch (error) {
      expect(TulleError.is(error) && error.toItem()).toMatchObject({ code: 'event_invalid', place });
    }
  });

  it('refuses __proto__ as an attribute', () => {
    expect(() => fromObject(JSON.parse(`${JSON.stringify(minimal).slice(0, -1)},"__proto__":"x"}`))).toThrow(
      TulleError,
    );
  });
});

function cyclic(): object {
  const object: Record<string, unknown> = { ...minimal };
  object.data = object;
  return object;
}

function nested(depth: number): unknown {
  let value: unknown = 0;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}
