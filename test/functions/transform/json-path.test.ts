import { describe, expect, it } from 'vitest';
import { parseExactly } from '../../../functions/transform/exact-numbers.ts';
import { parseJsonPath } from '../../../functions/transform/json-path.ts';

const event = {
  'detail-type': 'x',
  detail: { 'a.b': 1, "it's": 2, 'sp ace': 3, 'a/b_c-d': 4, __proto__x: 5, nothing: null, empty: [] },
  items: [{ id: 1, tags: ['a', 'b'] }, { id: 2 }, 7],
};

describe('a JSONPath', () => {
  it.each([
    ['$', event],
    ['$.detail-type', 'x'],
    ['$.detail.a/b_c-d', 4],
    ["$.detail['a.b']", 1],
    ['$.detail["a.b"]', 1],
    ["$.detail['it\\'s']", 2],
    ["$['detail']['sp ace']", 3],
    ['$.items[0].id', 1],
    ['$.items[-1]', 7],
    ['$.items[0].tags[1]', 'b'],
    ['$.items.length()', 3],
    ['$.items[0].length()', 2],
    ['$.detail.nothing', null],
  ])('%s leads to a value', (path, expected) => {
    expect(parseJsonPath(path)?.definite).toBe(true);
    expect(parseJsonPath(path)?.evaluate(event)).toEqual(expected);
  });

  it.each([
    ['$.items[*].id', [1, 2]],
    ['$.items[*].tags[*]', ['a', 'b']],
    ['$.items[0].*', [1, ['a', 'b']]],
    ['$.items[*].none', []],
    ['$.detail.empty[*]', []],
    ['$.detail-type[*]', []],
    ['$.items[*].id.length()', 2],
  ])('%s leads to all values', (path, expected) => {
    expect(parseJsonPath(path)?.definite).toBe(false);
    expect(parseJsonPath(path)?.evaluate(event)).toEqual(expected);
  });

  it.each(['$.none', '$.detail.none.x', '$.none[*].x', '$.items[9]', '$.items.id', '$.detail-type.length()'])(
    '%s leads to nothing',
    (path) => expect(parseJsonPath(path)?.evaluate(event)).toBeUndefined(),
  );

  it.each(['', 'detail', '$detail', '$.', '$.a.', '$..a', '$.a[', '$.a[1:2]', '$.a[?(@.b)]', '$.a b', '$.a()', '$[a]'])(
    '%j is none that can be read',
    (path) => expect(parseJsonPath(path)).toBeUndefined(),
  );

  it('leads to nothing that an object inherits, and not into a number', () => {
    for (const path of ['$.constructor', '$.__proto__', '$.toString', '$.items.length']) {
      expect(parseJsonPath(path)?.evaluate(event)).toBeUndefined();
    }
    const number = parseExactly('{"n":12345678901234567890}');
    expect(parseJsonPath('$.n.rawJSON')?.evaluate(number)).toBeUndefined();
    expect(parseJsonPath('$.n.*')?.evaluate(number)).toEqual([]);
    expect(parseJsonPath('$.__proto__')?.evaluate(JSON.parse('{"__proto__":1}'))).toBe(1);
  });
});
