import { describe, expect, it } from 'vitest';
import {
  membersBetween,
  nestedShape,
  provenShape,
  stringShape,
} from '../../../../functions/filter/engine/json-shapes.ts';

/** How much of a text a shape takes from an offset on; `undefined` for nothing. */
function taken(shape: RegExp, text: string, at = 0): string | undefined {
  shape.lastIndex = at;
  return shape.test(text) ? text.slice(at, shape.lastIndex) : undefined;
}

function nested(levels: number): string {
  return `${'[{"a":'.repeat(levels / 2)}1${'}]'.repeat(levels / 2)}`;
}

describe('the shape of a string', () => {
  it.each(['""', '"a"', '"\\""', '"\\\\"', '"\\u00e9 \\b\\f\\n\\r\\t\\/"', '"é😀\u007f"'])('takes %s', (text) => {
    expect(taken(stringShape, `${text},`)).toBe(text);
    expect(taken(stringShape, `x${text}`, 1)).toBe(text);
    expect(taken(stringShape, `x${text}`)).toBeUndefined();
  });

  it.each(['"', '"a', '"\\"', '"\\x"', '"\\u00g0"', '"\\u123"', '"\n"', '"\u0000"', 'a"'])('refuses %j', (text) => {
    expect(taken(stringShape, text)).toBeUndefined();
  });
});

describe('the shape of what is known to be JSON', () => {
  it.each(['{}', '[]', '{"a":"}"}', '["\\"]",{"b":["{"]}]', '[1.5e-3 , null\t,true]', nested(6)])(
    'takes %s to its closing bracket',
    (text) => {
      expect(taken(nestedShape, `${text},"x":[1]}`)).toBe(text);
      expect(taken(nestedShape, `  ${text}]`, 2)).toBe(text);
    },
  );

  it('gives up on more than six levels and on what does not end', () => {
    expect(taken(nestedShape, nested(8))).toBeUndefined();
    expect(taken(nestedShape, '[{"a":1}')).toBeUndefined();
    expect(taken(nestedShape, '["a]')).toBeUndefined();
    expect(taken(nestedShape, '"a"')).toBeUndefined();
  });
});

describe('the shape of what is proven to be JSON', () => {
  it.each([
    '{}',
    '[ ]',
    '[\n]',
    '{"a":1}',
    '{ "a" : [ 1 , "]" ] , "b" : { } }',
    '[-0,1.5,1e3,1E+3,2e-7,true,false,null,"x"]',
    '[0,[1,[2,[3]]]]',
    '{"a":{"b":{"c":{}}}}',
  ])('takes %s', (text) => {
    expect(taken(provenShape, `${text}]`)).toBe(text);
    expect(taken(provenShape, ` ${text}`, 1)).toBe(text);
  });

  it.each([
    '{"a"}',
    '{"a":}',
    '{"a" 1}',
    '{a:1}',
    '{"a":1,}',
    '[1,]',
    '[,1]',
    '[1 2]',
    '[01]',
    '[1.]',
    '[.5]',
    '[+1]',
    '[1e]',
    '[tru]',
    '["\\x"]',
    '["\n"]',
    '[1',
    '[1}',
    '{"a":1]',
    '[[[[[1]]]]]',
    '1',
  ])('refuses %j', (text) => expect(taken(provenShape, text)).toBeUndefined());
});

describe('the shape of members between', () => {
  const shape = membersBetween(['b', 'c.d'], ['in']);

  it('takes the members with scalars up to one of the names', () => {
    expect(taken(shape, '"a":1,"bb":"b","x":-1.5e3,"":null,"b":2}')).toBe('"a":1,"bb":"b","x":-1.5e3,"":null,');
    expect(taken(shape, '"a": true, "x":\n"\\"b\\"",\t"c.d":1}')).toBe('"a": true, "x":\n"\\"b\\"",\t');
    expect(taken(shape, '"c":1,"cxd":2,"c.dd":3,"c.d":4}')).toBe('"c":1,"cxd":2,"c.dd":3,');
    expect(taken(shape, '"inner":1,"in":2,"in.x":3}')).toBe('"inner":1,"in":2,');
  });

  it('takes nothing where a name comes first', () => {
    for (const text of ['"b":1,', '"in.":1,', '"c.d":1,', '}']) expect(taken(shape, text)).toBe('');
    expect(taken(shape, 'x"a":1,')).toBe('');
    expect(taken(shape, 'x"a":1,', 1)).toBe('"a":1,');
  });

  it.each(['"a":{},', '"a":[],', '"a":1}', '"a" :1,', '"\\u0061":1,', '"a\n":1,', '"a":01,', '"a":"\\x",', '"a":1 ,'])(
    'leaves %j to a closer look',
    (text) => expect(taken(shape, text)).toBe(''),
  );
});
