import { describe, expect, it } from 'vitest';
import { compileJsonata } from '../../../functions/jsonata/jsonata.ts';
import { context, failureOf, newEvent, runToOne } from './context.ts';

const order = { id: 7, items: [{ price: 2 }, { price: 3 }], mail: 'ann@example.com' };

async function dataOf(jsonata: string, data: unknown = order, changes = {}) {
  return (await runToOne([{ transform: { jsonata } }], newEvent({ data }), changes))['data'];
}

describe('the result', () => {
  it('replaces the data and says that it is JSON', async () => {
    const event = newEvent({ data_base64: 'AAE=', datacontenttype: 'application/octet-stream' });
    expect(await runToOne([{ transform: { jsonata: '{ "kind": type, "raw": data_base64 }' } }], event)).toEqual({
      specversion: '1.0',
      id: 'e1',
      source: '/shop',
      type: 'order.created',
      datacontenttype: 'application/json',
      data: { kind: 'order.created', raw: 'AAE=' },
    });
  });

  it('is the whole event where that is asked for', async () => {
    const steps = [{ transform: { jsonata: '$merge([$, { "type": "order.seen" }])', output: 'event' } }];
    expect(await runToOne(steps, newEvent({ data: order }))).toMatchObject({
      id: 'e1',
      type: 'order.seen',
      data: order,
    });
    for (const jsonata of ['1', '[]', 'null', '"x"']) {
      expect(await failureOf([{ transform: { jsonata, output: 'event' } }])).toMatchObject({ code: 'step_failed' });
    }
  });

  it('may be any JSON value', async () => {
    expect(await dataOf('null')).toBeNull();
    expect(await dataOf('false')).toBe(false);
    expect(await dataOf('data.items.price')).toEqual([2, 3]);
    expect(await dataOf('{ "a": data.nothing, "b": [data.nothing] }')).toEqual({ b: [] });
  });

  it.each(['data.nothing', '$sum', 'function($x) { $x }', '{ "f": $sum }', '1/0', '{ "__proto__": 1 }'])(
    'is refused when it is %s',
    async (jsonata) => {
      expect(await failureOf([{ transform: { jsonata } }])).toMatchObject({
        code: 'step_failed',
        mend: expect.any(String),
      });
    },
  );
});

describe('functions', () => {
  it.each([
    ['$now()', '2026-11-21T12:00:00.000Z'],
    ['$now("[Y]")', '2026'],
    ['$millis()', context.now],
    ['$toMillis("12:30", "[H01]:[m01]")', Date.UTC(2026, 10, 21, 12, 30)],
    ['$toMillis("2020-01-02", "[Y0001]-[M01]-[D01]")', Date.UTC(2020, 0, 2)],
    ['$fromMillis(0, "[D1o] [MNn] [Y0001]")', '1st January 1970'],
    ['$random()', 0.25],
    ['$count($shuffle([1..9]))', 9],
    ['$pad("a", 3)', 'a  '],
    ['$pad("a", -3, "é😀")', 'é😀a'],
    ['$pad("abc", 2)', 'abc'],
    ['$reduce([[1], [2], [3]], $append)', [1, 2, 3]],
    ['$map(["abc", "def"], $substring(?, 1))', ['bc', 'ef']],
    ['["a", "b"] ~> $map($uppercase) ~> $join("-")', 'A-B'],
    ['$replace("a.b.c", ".", "::")', 'a::b::c'],
    ['$formatNumber(1234.5, "#,##0.00")', '1,234.50'],
    ['($f := function($n) { $n < 2 ? 1 : $n * $f($n - 1) }; $f(20))', 2_432_902_008_176_640_000],
    ['$sum(data.items.price)', 5],
    ['$match("ab12c", /([a-z])([0-9])/)', { match: 'b1', index: 1, groups: ['b', '1'] }],
    ['$match("ABC", /[a-c]/i).match', ['A', 'B', 'C']],
    ['$replace("13812345678", /^(.*)(.{4})$/, "*$2")', '*5678'],
    ['$replace("abc", /[ac]/, function($m) { $uppercase($m.match) })', 'AbC'],
    ['$split("a1b22c", /[0-9]+/)', ['a', 'b', 'c']],
    ['$contains(data.mail, /@example\\.com$/)', true],
    ['data ~> | items | { "price": price * 2 }, "x" |', { ...order, items: [{ price: 4 }, { price: 6 }] }],
    ['data.items{ "sum": $sum(price) }', { sum: 5 }],
    ['$sort([3, 1, 2])', [1, 2, 3]],
    ['$distinct([1, 1, 2])', [1, 2]],
    ['$string({ "a": 1 })', '{"a":1}'],
  ])('%s', async (jsonata, expected) => {
    expect(await dataOf(jsonata)).toEqual(expected);
  });

  it('take the time and the chance of each evaluation', () => {
    const expression = compileJsonata('{ "at": $millis(), "by": $random(), "n": $count([1..50].($ + 1)) }');
    const times = [1, 2, 3, 4];
    const results = times.map((now) => expression.evaluate({}, { now, random: () => now / 10, fuel: 1000 }));
    expect(results).toEqual(times.map((now) => ({ at: now, by: now / 10, n: 50 })));
  });
});

describe('fuel', () => {
  it('is spent by steps, and each evaluation has its own', () => {
    const expression = compileJsonata('[1..100].($ + 1)');
    for (let i = 0; i < 10; i += 1) expect(expression.evaluate({}, { ...context, fuel: 1000 })).toHaveLength(100);
    expect(() => expression.evaluate({}, { ...context, fuel: 100 })).toThrow(
      expect.objectContaining({ code: 'fuel_exhausted' }),
    );
  });

  it.each([
    ['a loop', '($f := function() { $f() }; $f())'],
    ['a recursion', '($f := function($n) { 1 + $f($n) }; $f(0))'],
    ['a product of ranges', '[1..9999].([1..9999])'],
    ['a text that doubles', '($f := function($s, $n) { $n = 0 ? $s : $f($s & $s, $n - 1) }; $f("x", 40))'],
    ['a wide pad', '$pad("x", 500000000)'],
    ['a replacement that multiplies', '($a := $pad("a", 100000, "a"); $replace($a, "a", $a))'],
    ['a separator that multiplies', '($a := $pad("a", 200000, "a"); $join([1..9000].$string(), $a))'],
    [
      'an object that holds itself twice',
      '($f := function($o, $n) { $n = 0 ? $o : $f({ "l": $o, "r": $o }, $n - 1) }; $f({}, 60))',
    ],
    [
      'such objects compared',
      '($f := function($o, $n) { $n = 0 ? $o : $f({ "l": $o, "r": $o }, $n - 1) }; $f({}, 60) = $f({}, 60))',
    ],
    ['a regex on much text', '($a := $pad("a", 1000000, "a"); $map([1..1000], function() { $contains($a, /b/) }))'],
    ['a regex that multiplies', '($a := $pad("a", 100000, "a"); $replace($a, /a/, $a))'],
    ['pairs', '[1..50].$count($distinct([1..9000]))'],
  ])('bounds %s', async (_name, jsonata) => {
    expect(await failureOf([{ transform: { jsonata } }])).toMatchObject({
      code: 'fuel_exhausted',
      place: expect.stringMatching(/^\/steps\/0\/transform\/jsonata/),
    });
  });

  it.each(['[1..2000000]', '$toMillis("1111111111111111x", "[Y][M][D][H][m][s]")', '$fromMillis(1, "[Y,500000000]")'])(
    'is not needed for what is refused at once: %s',
    async (jsonata) => {
      expect(await failureOf([{ transform: { jsonata } }])).toMatchObject({ code: 'step_failed' });
    },
  );
});

describe('compilation', () => {
  it.each([
    ['data.', ':5'],
    ['$match("a", /(a)\\1/)', ':19'],
    ['$match("a", /a(?=b)/)', ':20'],
    ['$match("a", /(/)', ':'],
    ['$eval("1")', ':5'],
    ['($e := $eval; $e("1"))', ':12'],
    ['('.repeat(9000), ''],
  ])('refuses %s', async (jsonata, position) => {
    const error = await failureOf([{ transform: { jsonata } }]);
    expect(error).toMatchObject({ code: 'step_invalid', mend: expect.any(String) });
    expect(error.place).toContain(`/steps/0/transform/jsonata${position}`);
  });
});

describe('messages', () => {
  it('carry no data of the event', async () => {
    for (const jsonata of ['$number(data.mail)', 'data.mail + 1', 'data.mail < 1', '-data.mail', '$sqrt(-data.id)']) {
      const error = await failureOf([{ transform: { jsonata } }], newEvent({ data: { ...order, id: 4711 } }));
      expect(error.code).toBe('step_failed');
      expect(error.message).not.toMatch(/ann@|4711/);
    }
  });

  it('carry what the author of the rule says with $error', async () => {
    expect(await failureOf([{ transform: { jsonata: '$error("no total")' } }])).toMatchObject({
      message: expect.stringMatching(/^Step 1 \(transform\): .*no total/),
    });
  });
});

describe('prototypes', () => {
  it.each(['constructor', '__proto__', 'toString', '$lookup($, "constructor")', 'data.items.constructor'])(
    '%s finds nothing',
    async (jsonata) => {
      expect(await dataOf(`$exists(${jsonata})`)).toBe(false);
    },
  );

  it.each([
    '$merge([{ "__proto__": { "polluted": 1 } }]).a',
    '($ ~> | data | { "__proto__": { "polluted": 1 } } |).id',
    '{ "a": 1 } ~> | $ | { "constructor": { "prototype": { "polluted": 1 } } } |',
  ])('%s pollutes none', async (jsonata) => {
    await dataOf(jsonata).catch(() => {});
    expect({}).not.toHaveProperty('polluted');
  });
});
