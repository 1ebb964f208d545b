import { describe, expect, it } from 'vitest';
import { compileJsonata, type JsonataContext } from '../../../functions/jsonata/jsonata.ts';
import { processorTime } from './processor-time.ts';

function evaluate(text: string, input: unknown = {}, context: Partial<JsonataContext> = {}): unknown {
  return compileJsonata(text).evaluate(input, { now: 0, random: () => 0.5, ...context });
}

describe('a compiled expression', () => {
  it('evaluates at once, as often as asked, and leaves the input alone', () => {
    const compiled = compileJsonata('{"id": data.id, "tags": data.tags[$ != "x"], "one": data.tags[0]}');
    const input = Object.freeze({ data: Object.freeze({ id: 7, tags: Object.freeze(['x', 'y']) }) });
    for (let count = 0; count < 2; count += 1) {
      expect(compiled.evaluate(input, { now: 0, random: Math.random })).toEqual({ id: 7, tags: 'y', one: 'x' });
    }
  });

  it('answers plain arrays, without the marks of sequences', () => {
    const result = evaluate('a.b', { a: [{ b: 1 }, { b: 2 }] });
    expect(Reflect.ownKeys(result as object)).toEqual(['0', '1', 'length']);
    expect(evaluate('{"all": a.b, "deep": [[a.b]]}', { a: [{ b: 1 }, { b: 2 }] })).toEqual({
      all: [1, 2],
      deep: [[1, 2]],
    });
  });

  it('keeps the same text, number and array for what it does not change', () => {
    const input = { data: { list: [1, [2]] } };
    expect(evaluate('data.list', input)).toBe(input.data.list);
  });

  it('takes time and chance from outside', () => {
    const context = { now: Date.UTC(2024, 0, 2, 3, 4, 5), random: () => 0.25 };
    expect(evaluate('[$now(), $millis(), $random()]', {}, context)).toEqual([
      '2024-01-02T03:04:05.000Z',
      context.now,
      0.25,
    ]);
    expect(evaluate('$shuffle([1, 2, 3])', {}, { random: () => 0 })).toEqual([3, 1, 2]);
  });

  it('takes variables', () => {
    expect(evaluate('$limit + amount', { amount: 2 }, { bindings: { limit: 40 } })).toBe(42);
  });

  it('tests by the effective boolean value', () => {
    const test = (text: string) => compileJsonata(text).test({ a: [0, 0], b: [0, 1] }, { now: 0, random: () => 0 });
    expect(['a', 'b', 'c', '"x"', '""', '{}', '{"a": 1}', '$sum'].map(test)).toEqual([
      false,
      true,
      false,
      true,
      false,
      false,
      true,
      false,
    ]);
  });
});

describe('an expression that does not compile', () => {
  it.each([
    ['a +', 'S0207', 3],
    ['a[1', 'S0203', 3],
    ['"a', 'S0101', 2],
    ['a.1', 'S0213', 3],
    ['%', 'S0217', 1],
    ['/(a/', 'S0302', 4],
    ['/(a)\\1/', 'S0303', 7],
    ['a ~> /x(?=y)/', 'S0303', 13],
    ['$eval("1")', 'S0500', 5],
    ['[1, $map([1], $eval)]', 'S0500', 19],
  ])('%s is refused with code, place and the way to mend it', (text, code, position) => {
    expect(() => compileJsonata(text)).toThrow(
      expect.objectContaining({
        code: 'step_invalid',
        message: expect.stringMatching(new RegExp(`^${code}: `)),
        place: `expression:${position}`,
        mend: expect.stringMatching(/./),
      }),
    );
  });

  it('is a matter of the filter where it is one', () => {
    expect(() => compileJsonata('(', { invalid: 'filter_invalid' })).toThrow(
      expect.objectContaining({ code: 'filter_invalid' }),
    );
  });

  it('may name an $eval of its own', () => {
    expect(evaluate('($eval := function($x) { $x * 2 }; $eval(21))')).toBe(42);
  });

  it.each([
    ['brackets', `${'('.repeat(2000)}1${')'.repeat(2000)}`],
    ['a long sum', `1${'+1'.repeat(20_000)}`],
    ['defaults in defaults', `${'('.repeat(40)}a${' ?? 1)'.repeat(40)}`],
    ['alternatives in alternatives', `${'('.repeat(40)}a${' ?: 1)'.repeat(40)}`],
    ['minus signs', `${'-'.repeat(5000)}1`],
    ['functions', `${'function($x){'.repeat(1000)}1${'}'.repeat(1000)}`],
    ['length', `"${'x'.repeat(70_000)}"`],
  ])('is refused before it costs too much: %s', (_, text) => {
    const started = processorTime();
    expect(() => compileJsonata(text).evaluate({}, { now: 0, random: () => 0 })).toThrow(
      expect.objectContaining({ name: 'TulleError', code: expect.stringMatching(/^step_invalid$|^fuel_exhausted$/) }),
    );
    expect(processorTime() - started).toBeLessThan(1000);
  });
});

describe('an expression that fails', () => {
  it.each([
    ['data.a + 1', 'T2001', 'expression:8'],
    ['$sum("x")', 'T0412', 'expression:5'],
    ['{"x": $number(data.a)}', 'D3030', 'expression:14'],
    ['data.a()', 'T1006', 'expression:7'],
    ['sum(1)', 'T1005', 'expression:4'],
    ['$error("by hand")', 'D3137', 'expression:7'],
  ])('%s says why and where, without the data', (text, code, place) => {
    const failing = () => evaluate(text, { data: { a: 'secret' } });
    expect(failing).toThrow(
      expect.objectContaining({ code: 'step_failed', place, message: expect.stringMatching(new RegExp(`^${code}: `)) }),
    );
    expect(failing).not.toThrow(/secret/);
  });
});

describe('fuel', () => {
  it.each([
    ['endless tail calls', '($f := function() { $f() }; $f())'],
    ['endless calls', '($f := function($n) { 1 + $f($n + 1) }; $f(0))'],
    ['mutual calls', '($a := function() { [$b()] }; $b := function() { [$a()] }; $a())'],
    ['a long text', '($f := function($s) { $f($s & $s) }; $f("x"))'],
    ['joined texts', '$join([1..5000].$string($$), $pad("", 5000))'],
    ['padding', '$pad("x", 1e9)'],
    ['padding on both sides', '$pad("x", -1e15, "ab")'],
    ['a large range', '[0..1e6]'],
    ['ranges of ranges', '[1..300].[1..300].[1..300]'],
    ['doubling arrays', '($f := function($a) { $f($append($a, $a)) }; $f([1]))'],
    ['doubling objects', '($f := function($o, $n) { $n = 0 ? $o : $f({"a": $o, "b": $o}, $n - 1) }; $f({}, 60))'],
    [
      'the text of doubled objects',
      '($f := function($o, $n) { $n = 0 ? $string($o) : $f([[$o, $o]], $n - 1) }; $f(1, 60))',
    ],
    [
      'comparing doubled objects',
      '($f := function($o, $p, $n) { $n = 0 ? $o = $p : $f([[$o, $o]], [[$p, $p]], $n - 1) }; $f(1, 1, 60))',
    ],
    ['sorting', '$sort([1..50000], function($l, $r) { $l < $r })'],
    ['distinct objects', '$distinct([1..20000].{"a": $})'],
    ['grouping', '[1..100000].{"k": $}{k.$string(): $sum($$.[1..1000])}'],
    ['replacing', '$replace($pad("", 100000, "a"), /a/, $pad("", 100000, "b"))'],
    ['splitting', '$split($pad("", 1000000), "")'],
    ['a regular expression', '$match($pad("", 500000, "a"), /(a*)*b/)'],
    ['descendants of descendants', '**.**.**.**.**'],
    [
      'arguments',
      '$zip([1..100000],[1..100000],[1..100000],[1..100000],[1..100000],[1..100000],[1..100000],[1..100000],[1..100000],[1..100000])',
    ],
    ['nested results', '($f := function($n) { [[$n > 1000 ? 1 : $f($n + 1)]] }; $f(0))'],
    ['deep results', '$reduce([1..5000], function($a, $b) { {"a": $a} })'],
    ['the text of deep results', '$string($reduce([1..5000], function($a, $b) { {"a": $a} }))'],
    ['lookups in deep arrays', '$reduce([1..5000], function($a, $b) { [[$a]] }).a'],
  ])('ends %s', (_, text) => {
    const input = { a: { a: { a: { a: [1, 2, 3, 4, 5, 6, 7, 8] } }, b: { a: 1, b: { a: 2 } } } };
    const before = process.memoryUsage().rss;
    const started = processorTime();
    try {
      JSON.stringify(evaluate(text, input));
    } catch (error) {
      expect(error).toMatchObject({
        name: 'TulleError',
        code: expect.stringMatching(/^fuel_exhausted$|^step_failed$/),
      });
    }
    expect(processorTime() - started).toBeLessThan(1000);
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * 1024 * 1024);
  });

  it('is counted anew for each evaluation', () => {
    const compiled = compileJsonata('$sum([1..1000].($ * 2))');
    const context = { now: 0, random: () => 0, fuel: 10_000 };
    for (let count = 0; count < 20; count += 1) expect(compiled.evaluate({}, context)).toBe(1_001_000);
    expect(() => compiled.evaluate({}, { ...context, fuel: 500 })).toThrow(
      expect.objectContaining({ code: 'fuel_exhausted' }),
    );
  });

  it('lets tail calls go on without depth', () => {
    expect(evaluate('($f := function($n, $sum) { $n = 0 ? $sum : $f($n - 1, $sum + $n) }; $f(5000, 0))')).toBe(
      12_502_500,
    );
  });
});

describe('objects', () => {
  it.each([
    ['constructor'],
    ['__proto__'],
    ['toString'],
    ['$lookup($, "constructor")'],
    ['$lookup($, "__proto__")'],
    ['$.constructor.prototype'],
    ['"text".length'],
    ['[1].length'],
    ['[1].map'],
    ['$sum.arity'],
    ['$sum.constructor'],
    ['function($x) { $x }.call'],
    ['/a/.source'],
  ])('show their own members only: %s', (text) => {
    expect(evaluate(text, {})).toBeUndefined();
  });

  it('see members that are named like those of prototypes', () => {
    const input = JSON.parse('{"constructor": 1, "__proto__": {"a": 2}, "toString": 3}') as unknown;
    expect(evaluate('[constructor, `__proto__`.a, toString]', input)).toEqual([1, 2, 3]);
    expect(evaluate('$keys($)', input)).toEqual(['constructor', '__proto__', 'toString']);
  });

  it.each([
    ['{"__proto__": {"polluted": true}}'],
    ['$merge([{"__proto__": {"polluted": true}}, {"a": 1}])'],
    ['$spread({"__proto__": {"polluted": true}})'],
    ['$sift({"__proto__": {"polluted": true}}, function($v) { true })'],
    ['$ ~> |$|{"__proto__": {"polluted": true}}|'],
    ['$ ~> |$lookup($, "__proto__")|{"polluted": true}|'],
    ['$ ~> |constructor.prototype|{"polluted": true}|'],
    ['[1].{"__proto__": {"polluted": true}}'],
    ['[{"k": "__proto__", "v": {"polluted": true}}]{k: v}'],
    ['($__proto__ := {"polluted": true}; $constructor := 1; $)'],
    ['$@$__proto__.{"a": $__proto__}'],
    ['[1, 2]#$__proto__.{"a": $__proto__}'],
  ])('cannot change a prototype: %s', (text) => {
    evaluate(text, { a: 1 });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    expect(Object.hasOwn(Function.prototype, 'polluted')).toBe(false);
  });

  it('keep what a transformation is applied to as it was, inside and outside', () => {
    const input = { data: { a: 1, b: [{ c: 1 }, { c: 2 }] } };
    const copy = structuredClone(input);
    expect(evaluate('data ~> |b[c = 2]|{"d": 3}, "c"|', input)).toEqual({ a: 1, b: [{ c: 1 }, { d: 3 }] });
    expect(evaluate('data ~> |$$.data|{"a": 2}|', input)).toEqual(copy.data);
    expect(input).toEqual(copy);
  });

  it('cannot hold themselves', () => {
    expect(evaluate('$ ~> |$|{"self": $}|', { a: 1 })).toEqual({ a: 1, self: { a: 1 } });
    expect(evaluate('$ ~> |b|{"up": $$, "me": {"in": [$]}}|', { b: { c: 1 } })).toEqual({
      b: { c: 1, up: { b: { c: 1 } }, me: { in: [{ c: 1, up: { b: { c: 1 } } }] } },
    });
  });
});
