import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { batchFromJson, fromJson, maxListedItems, readEvent } from '../../event/json-format.ts';

const minimal = { specversion: '1.0', id: '1', source: '/orders', type: 'order.created' };

describe('fromJson', () => {
  it('keeps the text and finds the attributes and the data in it', () => {
    const json =
      '{"specversion":"1.0","id":"1","source":"/s","type":"t","n":-5,"ok":false, "data" : {"a": [1] },"x":"y"}';
    const event = fromJson(json);
    expect(event.json).toBe(json);
    expect({ ...event.attributes }).toEqual({
      specversion: '1.0',
      id: '1',
      source: '/s',
      type: 't',
      n: -5,
      ok: false,
      x: 'y',
    });
    expect(dataIn(event)).toBe('{"a": [1] }');
    expect(event.duplicateKeys).toBe(false);
  });

  it('leaves white space around the object out of the event', () => {
    const event = fromJson(`\n ${JSON.stringify({ ...minimal, data: 'x' })} \r\n`);
    expect(event.json).toBe(JSON.stringify({ ...minimal, data: 'x' }));
    expect(dataIn(event)).toBe('"x"');
  });

  it('takes null for absent, but data null for data', () => {
    const event = fromJson(JSON.stringify({ ...minimal, subject: null, ext: null, data_base64: null, data: null }));
    expect(Object.keys(event.attributes)).toEqual(Object.keys(minimal));
    expect(dataIn(event)).toBe('null');
  });

  it('reads escaped names and values as what they stand for', () => {
    const event = fromJson('{"specversion":"1.0","\\u0069d":"a\\u002f\\"\\ud83d\\ude00","source":"\\/s","type":"t"}');
    expect(event.attributes).toMatchObject({ id: 'a/"😀', source: '/s' });
  });

  it('keeps attributes on an object without a prototype', () => {
    const event = fromJson(JSON.stringify({ ...minimal, tostring: 'x' }));
    expect(Object.getPrototypeOf(event.attributes)).toBeNull();
    expect(event.attributes.constructor).toBeUndefined();
  });

  it('leaves __proto__ in the data alone', () => {
    const event = fromJson(`${JSON.stringify(minimal).slice(0, -1)},"data":{"__proto__":{"polluted":1}}}`);
    expect(dataIn(event)).toBe('{"__proto__":{"polluted":1}}');
    expect(Object.prototype).not.toHaveProperty('polluted');
  });

  it('notes objects that name a key twice', () => {
    expect(fromJson(`${JSON.stringify(minimal).slice(0, -1)},"data":{"a":1,"a":2}}`).duplicateKeys).toBe(true);
  });

  it.each([
    ['time', '2018-04-05T17:31:00Z'],
    ['time', '2018-04-05t17:31:60.123456789-23:59'],
    ['time', '2024-02-29T00:00:00+00:00'],
    ['time', '2000-02-29T00:00:00z'],
    ['source', '#fragment'],
    ['source', '//host/a?b#c'],
    ['source', 'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66'],
    ['source', 'https://[::1]:8080/%C3%A9'],
    ['source', 'user-center'],
    ['dataschema', 'urn:x'],
    ['datacontenttype', 'application/vnd.x+json;charset=utf-8'],
    ['datacontenttype', 'multipart/form-data; boundary="a b"'],
    ['subject', 'Grüße 東京 😀'],
    ['ext', ''],
    ['ext', 'two\nlines\tand a tab'],
    ['ext', 2_147_483_647],
    ['ext', -2_147_483_648],
    ['ext', 'x'.repeat(65_536)],
    ['a'.repeat(64), 'x'],
  ])('accepts %.20s %.40j', (name, value) => {
    expect(fromJson(JSON.stringify({ ...minimal, [name]: value })).attributes[name]).toBe(value);
  });

  it.each([
    ['id', ''],
    ['id', 1],
    ['id', null],
    ['id', 'a\u0000b'],
    ['type', 'a\nb'],
    ['type', '\u0085'],
    ['subject', ''],
    ['subject', '\ud800'],
    ['subject', '\ufffe'],
    ['subject', '\u{1ffff}'],
    ['source', ''],
    ['source', 'with space'],
    ['source', 'ü'],
    ['source', '%zz'],
    ['source', '#a#b'],
    ['specversion', '0.3'],
    ['specversion', '1.0.2'],
    ['specversion', 1],
    ['time', '2018-04-05'],
    ['time', '2018-04-05 17:31:00Z'],
    ['time', '2018-04-31T00:00:00Z'],
    ['time', '2023-02-29T00:00:00Z'],
    ['time', '1900-02-29T00:00:00Z'],
    ['time', '2018-13-01T00:00:00Z'],
    ['time', '2018-04-05T24:00:00Z'],
    ['time', '2018-04-05T17:31:00'],
    ['time', '2018-04-05T17:31:00.Z'],
    ['time', '2018-04-05T17:31:00+0100'],
    ['time', '2018-04-05T17:31:00Z\n'],
    ['time', 1_522_949_460],
    ['dataschema', '/relative'],
    ['dataschema', ''],
    ['datacontenttype', 'json'],
    ['datacontenttype', 'a/b\r\nx: y'],
    ['datacontenttype', 'text/plain; x=ü'],
    ['ext', 1.5],
    ['ext', 2_147_483_648],
    ['ext', -2_147_483_649],
    ['ext', {}],
    ['ext', []],
    ['ext', 'a\u001bb'],
    ['ext', '\udc00'],
    ['Ext', 'x'],
    ['my.ext', 'x'],
    ['my_ext', null],
    ['', 'x'],
    ['é', 'x'],
    ['__proto__', 'x'],
    ['id', 'x'.repeat(65_537)],
    ['ext', 'x'.repeat(65_537)],
    ['a'.repeat(65), 'x'],
  ])('refuses %.20s %.40j at its place', (name, value) => {
    const { [name as 'id']: _replaced, ...others } = minimal;
    const text = `${JSON.stringify(others).slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(value)}}`;
    const error = refusal(text);
    expect(error.code).toBe('event_invalid');
    expect(error.place).toBe(`/${name.slice(0, 65)}`);
    expect(error.mend).toBeTruthy();
  });

  it.each(['1.0', '1e3', '1.0e0', '10E-1'])('refuses the number %s, which is not written as an integer', (number) => {
    expect(refusal(`${JSON.stringify(minimal).slice(0, -1)},"ext":${number}}`).place).toBe('/ext');
  });

  it('reads -0 as 0', () => {
    expect(fromJson(`${JSON.stringify(minimal).slice(0, -1)},"ext":-0}`).attributes.ext).toBe(0);
  });

  it('escapes the JSON Pointer of a name', () => {
    expect(refusal(JSON.stringify({ ...minimal, 'a/b~c': 1 })).place).toBe('/a~1b~0c');
  });

  it.each(['specversion', 'id', 'source', 'type'])('refuses an event without %s', (name) => {
    const { [name as 'id']: _left, ...others } = minimal;
    expect(refusal(JSON.stringify(others))).toMatchObject({ code: 'event_invalid', place: `/${name}` });
  });

  it.each(['null', '1', '"x"', '[]', 'true'])('refuses %s, which is no object', (text) => {
    expect(refusal(text)).toMatchObject({ code: 'event_invalid', place: '' });
  });

  it.each([
    ['data and data_base64', '"data":1,"data_base64":"AA=="', '/data_base64'],
    ['data null and data_base64', '"data":null,"data_base64":"AA=="', '/data_base64'],
    ['a member twice', '"ext":"a","ext":"a"', '/ext'],
    ['a member twice, once null', '"time":null,"time":null', '/time'],
    ['a member twice, once escaped', '"ext":"a","\\u0065xt":"a"', '/ext'],
    ['data twice', '"data":1,"data":1', '/data'],
    ['data_base64 that is no string', '"data_base64":1', '/data_base64'],
    ['data_base64 without padding', '"data_base64":"AA"', '/data_base64'],
    ['data_base64 of the URL alphabet', '"data_base64":"-_8="', '/data_base64'],
    ['data_base64 with stray bits', '"data_base64":"AB=="', '/data_base64'],
    ['data_base64 with a line break', '"data_base64":"AAAA\\nAAAA"', '/data_base64'],
  ])('refuses %s', (_what, members, place) => {
    expect(refusal(`${JSON.stringify(minimal).slice(0, -1)},${members}}`)).toMatchObject({
      code: 'event_invalid',
      place,
    });
  });

  it('takes base64 whose slashes are escaped', () => {
    expect(fromJson(`${JSON.stringify(minimal).slice(0, -1)},"data_base64":"\\/\\/8="}`).data?.member).toBe(
      'data_base64',
    );
  });

  it('never quotes values in its messages', () => {
    for (const bad of [
      { id: ['s3cret'] },
      { time: 's3cret' },
      { subject: 's3cret\u0000' },
      { data_base64: 's3cret!' },
    ]) {
      expect(JSON.stringify(refusal(JSON.stringify({ ...minimal, ...bad })).toItem())).not.toContain('s3cret');
    }
  });

  it('throws nothing but TulleError of the publisher, whatever the text', () => {
    const name = fc.oneof(
      fc.constantFrom(...Object.keys(minimal), 'time', 'data', 'data_base64', '__proto__'),
      fc.string(),
    );
    const object = fc.array(fc.tuple(name, fc.oneof(fc.jsonValue(), fc.constantFrom('1.0', '/s')), fc.boolean()));
    fc.assert(
      fc.property(object, fc.nat(), fc.boolean(), (members, cut, whole) => {
        const text = `{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
        for (const read of [fromJson, batchFromJson]) {
          try {
            read(whole ? text : text.slice(0, cut % text.length));
          } catch (error) {
            if (!TulleError.is(error) || error.status >= 500) throw error;
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('batchFromJson', () => {
  it('answers each event as the slice of the text', () => {
    const events = batchFromJson(
      ' [ {"specversion":"1.0","id":"1","source":"/s","type":"t","data": 1} ,\n{"specversion":"1.0","id":"2","source":"/s","type":"t"}]\n',
    );
    expect(events.map((event) => event.json)).toEqual([
      '{"specversion":"1.0","id":"1","source":"/s","type":"t","data": 1}',
      '{"specversion":"1.0","id":"2","source":"/s","type":"t"}',
    ]);
    expect(dataIn(events[0]!)).toBe('1');
  });

  it('reads the same events as one by one, escapes and line breaks in any of them', () => {
    const event = fc
      .record({ ext: fc.string({ unit: 'grapheme-ascii' }), data: fc.jsonValue() }, { requiredKeys: [] })
      .map((members) => ({ ...minimal, ...members }));
    fc.assert(
      fc.property(fc.array(event), fc.constantFrom(0, 1), (events, indent) => {
        const text = JSON.stringify(events, null, indent);
        const read = batchFromJson(text);
        expect(read).toEqual(read.map(({ json }) => fromJson(json)));
        expect(read.map(({ json }) => JSON.parse(json) as unknown)).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each(['[]', ' [ ] ', '[\n]\n'])('takes the empty batch %j', (text) => expect(batchFromJson(text)).toEqual([]));

  it.each(['', '[', '[,]', '[{}', '[{},]', '[]x', '[] []', '[}', '{', '[1 2]'])(
    'refuses the broken text %j',
    (text) => {
      expect(refusal(text, batchFromJson).code).toBe('json_invalid');
    },
  );

  it.each(['{}', '1', '"[]"', 'null'])('refuses %s, which is no array', (text) => {
    expect(refusal(text, batchFromJson)).toMatchObject({ code: 'batch_invalid', place: '' });
  });

  it('lists every faulty event by its place', () => {
    const error = refusal(
      JSON.stringify([
        minimal,
        { ...minimal, id: '' },
        5,
        minimal,
        { ...minimal, time: 'x' },
        { ...minimal, specversion: '0.3' },
      ]),
      batchFromJson,
    );
    expect(error.code).toBe('batch_invalid');
    expect(error.errors?.map((item) => item.place)).toEqual(['/1/id', '/2', '/4/time', '/5/specversion']);
    expect(error.errors?.every((item) => item.code === 'event_invalid' && item.mend)).toBe(true);
  });

  it('lists a bounded number of them', () => {
    const error = refusal(`[${'{},'.repeat(500)}1]`, batchFromJson);
    expect(error.errors).toHaveLength(maxListedItems);
    expect(error.message).toContain('100 or more');
  });

  it('stops reading at the greatest number of events', () => {
    expect(batchFromJson(JSON.stringify([minimal, minimal]), 2)).toHaveLength(2);
    expect(refusal(`[${'1,'.repeat(5)}`, (text) => batchFromJson(text, 3))).toMatchObject({
      code: 'too_large',
      place: '/3',
    });
  });
});

describe('readEvent', () => {
  it('reads stored events as they were', () => {
    const json = fc
      .record(
        {
          time: fc.constant(null),
          ext: fc.oneof(fc.boolean(), fc.integer({ min: -9, max: 9 }), fc.constant('é"')),
          data: fc.jsonValue(),
        },
        { requiredKeys: [] },
      )
      .map((members) => JSON.stringify({ ...members, ...minimal }));
    fc.assert(
      fc.property(json, (text) => {
        const event = fromJson(text);
        const read = readEvent(event.json, event.data, event.duplicateKeys);
        expect(read).toEqual(event);
        expect(Object.getPrototypeOf(read.attributes)).toBeNull();
      }),
    );
  });

  it('does not look into the data', () => {
    const head = JSON.stringify(minimal).slice(0, -1);
    const json = `${head},"data": this is not JSON }`;
    const start = head.length + ',"data":'.length;
    const event = readEvent(json, { member: 'data', start, end: json.length - 1 });
    expect({ ...event.attributes }).toEqual(minimal);
  });
});

function dataIn(event: Event): string {
  return event.json.slice(event.data!.start, event.data!.end);
}

function refusal(text: string, read: (text: string) => unknown = fromJson): TulleError {
  try {
    read(text);
  } catch (error) {
    if (TulleError.is(error)) return error;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}
