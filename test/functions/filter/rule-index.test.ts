import { describe, expect, it } from 'vitest';
import { explain } from '../../../functions/filter/explain.ts';
import { createRuleIndex } from '../../../functions/filter/rule-index.ts';
import {
  endsIgnoringCase,
  equalsIgnoringCase,
  startsIgnoringCase,
} from '../../../functions/filter/values/letter-case.ts';

describe('a rule index', () => {
  it('adds, replaces and removes one rule at a time', () => {
    const index = createRuleIndex<string>();
    expect(index.size()).toBe(0);
    index.add('r', { pattern: { type: ['a'] } });
    index.add('s', { pattern: { type: ['a', 'b'] } });
    expect(index.size()).toBe(2);
    expect(index.match('{"type":"a"}')).toEqual(['r', 's']);
    index.add('r', { pattern: { type: ['b'] } });
    expect(index.size()).toBe(2);
    expect(index.match('{"type":"a"}')).toEqual(['s']);
    expect(index.remove('s')).toBe(true);
    expect(index.remove('s')).toBe(false);
    expect(index.match('{"type":"b"}')).toEqual(['r']);
    expect(index.size()).toBe(1);
  });

  it('is as it was when a rule is refused', () => {
    const index = createRuleIndex<string>();
    index.add('r', { pattern: { type: ['a'] } });
    expect(() => index.add('r', { pattern: { type: [] } })).toThrow('empty array');
    expect(index.match('{"type":"a"}')).toEqual(['r']);
    expect(index.size()).toBe(1);
  });

  it.each([
    [{}, '', 'exactly one language'],
    [{ pattern: {}, sql: '' }, '', 'exactly one language'],
    [null, '', 'exactly one language'],
    [{ regex: 'x' }, '/regex', 'no filter language "regex"'],
    [{ pattern: { 'a/b~': [{ prefix: 1 }] } }, '/pattern/a~1b~0/0/prefix', 'prefix takes a string'],
    [{ pattern: '{"a" 1}' }, '/pattern line 1, column 6', 'colon is missing'],
  ])('refuses %j at %s', (filter, place, message) => {
    const index = createRuleIndex<string>();
    expect(() => index.add('r', filter as never)).toThrow(
      expect.objectContaining({
        code: 'filter_invalid',
        place,
        message: expect.stringContaining(message),
        mend: expect.any(String),
      }),
    );
  });

  it('matches each rule once, however many ways lead to it', () => {
    const index = createRuleIndex<string>();
    index.add('r', { pattern: { $or: [{ a: ['x', { prefix: 'x' }] }, { b: [1] }, { a: [{ exists: true }] }] } });
    expect(index.match('{"a":["x","xx"],"b":1,"a":"x"}')).toEqual(['r']);
  });

  it('finds the few among many, by every kind of test', () => {
    const index = createRuleIndex<string>();
    for (let i = 0; i < 500; i++) {
      index.add(`exact ${i}`, { pattern: { type: [`t${i}`] } });
      index.add(`prefix ${i}`, { pattern: { type: [{ prefix: `t${i}x` }] } });
      index.add(`suffix ${i}`, { pattern: { type: [{ suffix: `y${i}` }] } });
      index.add(`case ${i}`, { pattern: { type: [{ 'equals-ignore-case': `C${i}É` }] } });
      index.add(`wildcard ${i}`, { pattern: { type: [{ wildcard: `w*${i}` }] } });
      index.add(`range ${i}`, { pattern: { n: [{ numeric: ['>=', i, '<', i + 1] }] } });
      index.add(`number ${i}`, { pattern: { n: [i] } });
      index.add(`address ${i}`, { pattern: { ip: [{ cidr: `10.${i % 250}.${Math.floor(i / 250)}.0/24` }] } });
      index.add(`pair ${i}`, { pattern: { source: [`s${i % 10}`], type: [`t${i}`] } });
      index.add(`field ${i}`, { pattern: { data: { [`f${i}`]: [true] } } });
      index.add(`item ${i}`, { pattern: { items: { a: [i], b: ['x'] } } });
    }
    const match = (event: unknown): string[] => {
      const text = JSON.stringify(event);
      const ids = index.match(text).toSorted();
      expect(index.match(text, { mode: 'trusted' }).toSorted()).toEqual(ids);
      expect(index.matchObject(event).toSorted()).toEqual(ids);
      return ids;
    };
    expect(match({ type: 't7' })).toEqual(['exact 7']);
    expect(match({ type: 't12xyz' })).toEqual(['prefix 12']);
    expect(match({ type: 'y123' })).toEqual(['suffix 123']);
    expect(match({ type: 'c77é' })).toEqual(['case 77']);
    expect(match({ type: 'C77É' })).toEqual(['case 77']);
    expect(match({ type: 'w..31' })).toEqual(['wildcard 1', 'wildcard 31']);
    expect(match({ n: 42.5 })).toEqual(['range 42']);
    expect(match({ n: 42 })).toEqual(['number 42', 'range 42']);
    expect(match({ ip: '10.3.1.9' })).toEqual(['address 253']);
    expect(match({ source: 's3', type: 't13' })).toEqual(['exact 13', 'pair 13']);
    expect(match({ source: 's3', type: 't14' })).toEqual(['exact 14']);
    expect(match({ data: { f400: true, f401: false } })).toEqual(['field 400']);
    expect(
      match({
        items: [
          { a: 3, b: 'y' },
          { a: 4, b: 'x' },
        ],
      }),
    ).toEqual(['item 4']);
    for (let i = 0; i < 500; i += 2)
      for (const kind of ['exact', 'wildcard', 'pair', 'range', 'field']) index.remove(`${kind} ${i}`);
    expect(match({ source: 's4', type: 't14', n: 14, data: { f400: true, f401: true } })).toEqual([
      'field 401',
      'number 14',
    ]);
    expect(match({ type: 'w..32' })).toEqual([]);
    expect(match({ type: 'w..31' })).toEqual(['wildcard 1', 'wildcard 31']);
  });

  it('spreads rules that begin alike, and gathers what is left of them', () => {
    const index = createRuleIndex<string>();
    const sizes = ['s', 'm', 'l'];
    const last = [['x'], [{ 'anything-but': 'x' }], [{ exists: false }], [{ prefix: 'x' }]];
    const each = (body: (id: string, pattern: unknown) => void): void => {
      for (const a of sizes) {
        for (const b of sizes) {
          for (const c of sizes) {
            for (const [i, d] of last.entries()) body(`${a}${b}${c}${i}`, { a: [a], b: [b], c: [c], d });
          }
        }
      }
    };
    each((id, pattern) => index.add(id, { pattern }));
    index.add('short', { pattern: { a: ['s'] } });
    const match = (event: unknown): string[] => index.match(JSON.stringify(event)).toSorted();
    expect(match({ a: 's', b: 'm', c: 'l', d: 'x' })).toEqual(['short', 'sml0', 'sml3'].toSorted());
    expect(match({ a: 's', b: 'm', c: 'l', d: 'y' })).toEqual(['short', 'sml1']);
    expect(match({ a: 's', b: 'm', c: 'l', d: 'xy' })).toEqual(['short', 'sml1', 'sml3']);
    expect(match({ a: 's', b: 'm', c: 'l' })).toEqual(['short', 'sml2']);
    expect(match({ a: ['s', 'l'], b: 'm', c: ['l', 'm'], d: 1 })).toEqual(['lml1', 'lmm1', 'short', 'sml1', 'smm1']);
    expect(match({ a: 'z', b: 'm', c: 'l' })).toEqual([]);
    each((id) => {
      if (!id.startsWith('sm')) expect(index.remove(id)).toBe(true);
    });
    expect(match({ a: ['s', 'l'], b: ['m', 's'], c: 'l', d: 'x' })).toEqual(['short', 'sml0', 'sml3'].toSorted());
    each((id, pattern) => {
      if (!id.startsWith('sm')) index.add(id, { pattern });
    });
    expect(match({ a: 'l', b: 's', c: 'l' })).toEqual(['lsl2']);
    each((id) => index.remove(id));
    index.remove('short');
    expect(match({ a: 's', b: 'm', c: 'l', d: 'x' })).toEqual([]);
    expect(index.match('{"a":"s", this is never read', { mode: 'trusted' })).toEqual([]);
  });

  it('ignores case as the pattern says, in every form and among many patterns', () => {
    const texts = [
      '',
      'a',
      'A',
      'aB',
      'ß',
      'SS',
      'ss',
      'sS',
      'ẞ',
      'straße',
      'STRASSE',
      'k',
      'K',
      '\u212a',
      'é',
      'É',
      'σ',
      'ς',
      'Σ',
      'ı',
      'I',
      'İ',
      'aé',
      'Éa',
      'xSSy',
      'xßy',
    ];
    const tests = {
      equals: [(text: string) => ({ 'equals-ignore-case': text }), equalsIgnoringCase],
      prefix: [(text: string) => ({ prefix: { 'equals-ignore-case': text } }), startsIgnoringCase],
      suffix: [(text: string) => ({ suffix: { 'equals-ignore-case': text } }), endsIgnoringCase],
      not: [
        (text: string) => ({ 'anything-but': { 'equals-ignore-case': [text, 'zz'] } }),
        (value: string, text: string) => !equalsIgnoringCase(value, text),
      ],
    } as const;
    for (const [make, holds] of Object.values(tests)) {
      const index = createRuleIndex<string>();
      for (const text of texts) index.add(text, { pattern: { a: [make(text)] } });
      for (const value of [...texts, 'STRASSEN', 'straßen', 'xyz']) {
        const expected = texts.filter((text) => holds(value, text));
        expect(index.match(JSON.stringify({ a: value })).toSorted(), value).toEqual(expected.toSorted());
      }
      for (const text of texts) index.remove(text);
      expect(index.match('{"a":"a", this is never read', { mode: 'trusted' })).toEqual([]);
    }
  });

  it('spreads rules that differ only in what is asked afterwards', () => {
    const index = createRuleIndex<string>();
    for (let i = 0; i < 20; i++) {
      index.add(`not ${i}`, { pattern: { a: ['s'], d: [{ 'anything-but': `${i}` }] } });
      index.add(`no ${i}`, { pattern: { a: ['s'], [`f${i}`]: [{ exists: false }] } });
    }
    const missing = (ids: string[]): string[] => {
      const all = Array.from({ length: 20 }, (_, i) => [`not ${i}`, `no ${i}`]).flat();
      return all.filter((id) => !ids.includes(id));
    };
    expect(missing(index.match('{"a":"s","d":"7","f3":null,"f4":{}}'))).toEqual(['no 3', 'not 7']);
    expect(missing(index.match('{"a":"s","d":["7","8"]}'))).toEqual([]);
    expect(index.match('{"a":"t","d":"7"}')).toEqual([]);
    for (let i = 1; i < 20; i++) for (const kind of ['not', 'no']) index.remove(`${kind} ${i}`);
    expect(index.match('{"a":"s","d":"7"}').toSorted()).toEqual(['no 0', 'not 0']);
  });

  it('compares numbers without a double by their text', () => {
    const index = createRuleIndex<string>();
    const patterns = new Map([
      ['big', '{"n":[9007199254740993]}'],
      ['even', '{"n":[9007199254740992]}'],
      ['huge', '{"n":[1e400]}'],
      ['not one', '{"n":[{"anything-but":1}]}'],
      ['above', '{"n":[{"numeric":[">",5]}]}'],
    ]);
    const gone = new Set<string>();
    for (const [id, pattern] of patterns) index.add(id, { pattern });
    const match = (number: string): string[] => {
      const ids = index.match(`{"n":${number}}`).toSorted();
      for (const [id, pattern] of patterns) {
        if (!gone.has(id)) expect(explain({ pattern }, `{"n":${number}}`).matched).toBe(ids.includes(id));
      }
      expect(index.match(`{"n":${number}}`, { mode: 'trusted' }).toSorted()).toEqual(ids);
      return ids;
    };
    expect(match('9007199254740993')).toEqual(['big', 'not one']);
    expect(match('9007199254740993.0')).toEqual(['not one']);
    expect(match('9007199254740992.0')).toEqual(['above', 'even', 'not one']);
    expect(match('1e400')).toEqual(['huge', 'not one']);
    expect(match('1E400')).toEqual(['not one']);
    expect(match('6.0')).toEqual(['above', 'not one']);
    expect(match('10e-1')).toEqual([]);
    for (const id of ['big', 'huge']) {
      gone.add(id);
      index.remove(id);
    }
    expect(match('9007199254740993')).toEqual(['not one']);
    expect(match('1e400')).toEqual(['not one']);
  });

  it('judges absence by the elements that were settled on, and by all where none were', () => {
    const index = createRuleIndex<string>();
    index.add('alone', { pattern: { a: { b: [{ exists: false }] } } });
    index.add('beside', { pattern: { a: { b: [{ exists: false }] }, c: [1] } });
    index.add('behind', { pattern: { a: { a: [1], b: [{ exists: false }] } } });
    index.add('before', { pattern: { a: { b: [{ exists: false }], c: [1] } } });
    const match = (text: string): string[] => index.match(text).toSorted();
    expect(match('{"a":[{"b":1},{"a":1,"c":1}],"c":1}')).toEqual(['behind']);
    expect(match('{"a":[{"a":1,"c":1}],"c":1}')).toEqual(['alone', 'before', 'behind', 'beside']);
    expect(match('{"a":[{"a":1,"b":true,"c":1},{"a":2}],"c":1}')).toEqual([]);
    expect(match('{"a":{"a":1,"b":null},"c":1}')).toEqual([]);
    expect(match('{"a":[{"a":1,"b":[]},{"b":7}]}')).toEqual(['behind']);
  });

  it('gives up, in words, where repeated names make arrays multiply', { timeout: 20_000 }, () => {
    const index = createRuleIndex<string>();
    index.add('r', { pattern: { a: { b: [1], c: [1], d: [{ exists: false }], e: [1], f: [1], z: ['none'] } } });
    const array = (names: string[]): string =>
      `"a":[${Array.from({ length: 400 }, () => `{${names.map((name) => `"${name}":1`).join()}}`).join()}]`;
    const text = `{${array(['b', 'e'])},${array(['c', 'f'])},"a":{"z":"none"},"a":[{"d":1}]}`;
    expect(() => index.match(text)).toThrow(
      expect.objectContaining({ code: 'fuel_exhausted', message: expect.stringContaining('100000 ways') }),
    );
  });

  it('takes parsed events as their JSON would be', () => {
    const index = createRuleIndex<string>();
    index.add('null', { pattern: { a: [null] } });
    index.add('absent', { pattern: { a: [{ exists: false }] } });
    expect(index.matchObject({ a: Number.NaN })).toEqual(['null']);
    expect(index.matchObject({ a: undefined })).toEqual(['absent']);
    expect(index.matchObject({ a: [undefined] })).toEqual(['null']);
    expect(() => index.matchObject([])).toThrow('not a JSON object');
    expect(() => index.matchObject('{}')).toThrow('not a JSON object');
  });

  it('does not take the order inside of an object for the order behind a name with a dot', () => {
    const index = createRuleIndex<string>();
    index.add('outer', { pattern: { a: [{ exists: true }] } });
    index.add('inner', { pattern: { c: { a: [1] } } });
    index.add('dotted', { pattern: { c: { c: ['x'] } } });
    // Teaches that `a` follows `c` inside of `c`.
    expect(index.match('{"c":{"c":"x","a":1}}').sort()).toEqual(['dotted', 'inner']);
    expect(index.match('{"c.c":"x","a":1}').sort()).toEqual(['dotted', 'outer']);
  });

  it('learns the order of members without being led astray by it', () => {
    const index = createRuleIndex<string>();
    index.add('r', { pattern: { b: ['x'], d: { e: [1] } } });
    const texts = [
      '{"a":1,"a2":2,"a3":3,"b":"x","c":[1],"c2":{},"d":{"e":1}}',
      '{"d":{"e":1},"b":"x"}',
      '{"a":1,"a2":{"b":"y"},"b":"x","d":{"z":0,"e":1}}',
      '{ "a" : 1 , "a2" : "\\"" , "b" : "x" , "d" : { "e" : 1 } }',
      '{"a":1,"a2":2,"\\u0062":"x","d.e":1}',
      '{"b":"x","d.e":1}',
      '{"b":"y","d":{"e":1}}',
      '{"a":"b","a2":"\\\\","a3":-0.5e-3,"b":"x","d":[{"e":1}]}',
    ];
    for (let round = 0; round < 3; round++) {
      for (const text of texts) {
        const expected = text.startsWith('{"b":"y"') ? [] : ['r'];
        expect(index.match(text), text).toEqual(expected);
        expect(index.match(text, { mode: 'trusted' }), text).toEqual(expected);
      }
    }
    index.remove('r');
    index.add('s', { pattern: { d: { f: [1] } } });
    for (const text of texts) expect(index.match(text)).toEqual([]);
    expect(index.match('{"b":"x","d":{"e":1,"f":1}}')).toEqual(['s']);
  });
});
