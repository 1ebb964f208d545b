import { describe, expect, it } from 'vitest';
import { dataBytes, dataText } from '../../event/data.ts';
import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { fromBinary, toBinary } from '../../event/http-binary.ts';
import { fromJson } from '../../event/json-format.ts';

const required = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/orders', 'ce-type': 'order.created' };

describe('fromBinary', () => {
  it('reads attributes from headers and the content type', () => {
    const event = read(
      { 'CE-Subject': 'a%20b', 'ce-ext': '5', 'content-type': 'application/json', 'x-other': '1' },
      '{}',
    );
    expect({ ...event.attributes }).toEqual({
      specversion: '1.0',
      id: '1',
      source: '/orders',
      type: 'order.created',
      subject: 'a b',
      ext: '5',
      datacontenttype: 'application/json',
    });
    expect(Object.getPrototypeOf(event.attributes)).toBeNull();
  });

  it('composes JSON that reads as the same event', () => {
    const headers = { 'ce-subject': '%22%5C', 'ce-ext': 'a%0Ab', 'content-type': 'text/plain' };
    const event = read(headers, 'a "quoted"\n text');
    expect(fromJson(event.json)).toEqual(event);
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset=UTF-8',
    'application/vnd.a+json',
    'text/json',
  ])('embeds a body of %s as it is, white space included', (type) => {
    const event = read({ 'content-type': type }, ' {"a" : "\\u00e9é"}\r\n');
    expect(event.data?.member).toBe('data');
    expect(dataText(event)).toBe(' {"a" : "\\u00e9é"}\r\n');
    expect(JSON.parse(event.json)).toMatchObject({ data: { a: 'éé' } });
    expect(dataBytes(event)).toBe(' {"a" : "\\u00e9é"}\r\n');
  });

  it.each(['{', '', '{} {}', '\ufeff{}', "{'a':1}"])('refuses the body %j of a JSON type', (body) => {
    expect(refusalOf(() => read({ 'content-type': 'application/json' }, body)).code).toBe('json_invalid');
  });

  it('refuses JSON that is not UTF-8', () => {
    const body = new Uint8Array([0x22, 0xe9, 0x22]);
    expect(refusalOf(() => read({ 'content-type': 'application/json' }, body)).code).toBe('json_invalid');
  });

  it('notes duplicate keys in the body', () => {
    expect(read({ 'content-type': 'application/json' }, '{"a":1,"a":2}').duplicateKeys).toBe(true);
    expect(read({ 'content-type': 'application/json' }, '{"a":1}').duplicateKeys).toBe(false);
  });

  it('bounds the depth of the event, not of the body alone', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    const event = read({ 'content-type': 'application/json' }, nested(63));
    expect(fromJson(event.json)).toEqual(event);
    expect(refusalOf(() => read({ 'content-type': 'application/json' }, nested(64))).code).toBe('json_invalid');
  });

  it.each(['text/plain', 'text/plain; charset=utf-8', 'TEXT/csv;charset="UTF-8"', 'text/xml; charset=us-ascii'])(
    'takes a body of %s as a string',
    (type) => {
      const event = read({ 'content-type': type }, '\ufeffa "b"\n😀');
      expect(JSON.parse(dataText(event)!)).toBe('\ufeffa "b"\n😀');
      expect(dataBytes(event)).toBe('\ufeffa "b"\n😀');
    },
  );

  it.each([
    ['application/octet-stream', [1, 2, 3]],
    ['application/xml', [0x3c, 0x61, 0x2f, 0x3e]],
    ['text/plain; charset=iso-8859-1', [0xe9]],
    ['text/plain', [0xff, 0xfe]],
    [undefined, [0x7b, 0x7d]],
  ])('takes a body of %s as bytes', (type, bytes) => {
    const event = read(type === undefined ? {} : { 'content-type': type }, Uint8Array.from(bytes));
    expect(event.data?.member).toBe('data_base64');
    expect(dataBytes(event)).toEqual(Uint8Array.from(bytes));
    expect(event.attributes.datacontenttype).toBe(type);
    expect(fromJson(event.json)).toEqual(event);
  });

  it('takes large text that is mostly escapes as bytes', () => {
    const controls = '\u0001'.repeat(300_000);
    const event = read({ 'content-type': 'text/plain' }, controls);
    expect(event.data?.member).toBe('data_base64');
    expect(event.json.length).toBeLessThan(controls.length * 1.5);
    expect(read({ 'content-type': 'text/plain' }, controls.slice(0, 1_000)).data?.member).toBe('data');
  });

  it('has no data without a body', () => {
    for (const type of ['application/json', 'text/plain']) {
      const event = fromBinary(new Headers({ ...required, 'content-type': type }), undefined);
      expect(event.data).toBeUndefined();
      expect(event.attributes.datacontenttype).toBe(type);
    }
    expect(read({ 'content-type': 'text/plain' }, '').data).toBeUndefined();
    expect(read({}, '').data).toBeUndefined();
  });

  it.each([
    ['ce-datacontenttype', 'application/json', 'ce-datacontenttype'],
    ['ce-data', 'x', 'ce-data'],
    ['ce-my_ext', 'x', 'ce-my_ext'],
    ['ce-', 'x', 'ce-'],
    ['ce-time', 'yesterday', 'ce-time'],
    ['ce-subject', '', 'ce-subject'],
    ['ce-subject', '%00', 'ce-subject'],
    ['ce-subject', '%C0%A0', 'ce-subject'],
    ['ce-id', 'a, b', 'ce-id'],
    ['ce-specversion', '1.0, 1.0', 'ce-specversion'],
    ['content-type', 'json', 'content-type'],
  ])('refuses the header %s: %s', (name, value, place) => {
    const error = refusalOf(() => read({ [name]: value }, undefined));
    expect(error).toMatchObject({ code: 'event_invalid', place });
    expect(error.mend).toBeTruthy();
  });

  it.each(Object.keys(required))('refuses an event without %s', (name) => {
    const { [name as 'ce-id']: _left, ...others } = required;
    expect(refusalOf(() => read({}, undefined, others))).toMatchObject({ code: 'event_invalid', place: name });
  });

  it('refuses id and type that were sent twice', () => {
    const headers = new Headers(required);
    headers.append('ce-id', '2');
    expect(refusalOf(() => fromBinary(headers, undefined)).place).toBe('ce-id');
  });
});

describe('toBinary', () => {
  const head = '{"specversion":"1.0","id":"1","source":"/s","type":"t"';

  it('encodes attributes and sends JSON data as it came', () => {
    const event = fromJson(
      `${head},"datacontenttype":"application/json","subject":"é \\"%","n":-5,"ok":true,"data":{ "a":1e2 }}`,
    );
    expect(toBinary(event)).toEqual({
      headers: {
        'ce-specversion': '1.0',
        'ce-id': '1',
        'ce-source': '/s',
        'ce-type': 't',
        'ce-subject': '%C3%A9%20%22%25',
        'ce-n': '-5',
        'ce-ok': 'true',
        'content-type': 'application/json',
      },
      body: '{ "a":1e2 }',
    });
  });

  it.each([
    ['a JSON string without a content type', '"data":"x"', '"x"', 'application/json'],
    ['null without a content type', '"data":null', 'null', 'application/json'],
    ['a JSON string of a JSON type', '"datacontenttype":"a/b+json","data":"x\\n"', '"x\\n"', 'a/b+json'],
    ['a string of a text type', '"datacontenttype":"text/plain","data":"x\\n\\u00e9"', 'x\né', 'text/plain'],
    ['an empty string of a text type', '"datacontenttype":"text/plain","data":""', '', 'text/plain'],
    ['an object of a text type', '"datacontenttype":"text/plain","data":{"a": 1}', '{"a": 1}', 'text/plain'],
    ['bytes without a content type', '"data_base64":"AQID"', Uint8Array.of(1, 2, 3), undefined],
    [
      'bytes of a JSON type',
      '"datacontenttype":"application/json","data_base64":"e30="',
      Uint8Array.of(0x7b, 0x7d),
      'application/json',
    ],
    ['no data', '"ext":"x"', null, undefined],
    ['no data of a type', '"datacontenttype":"text/plain"', null, 'text/plain'],
  ])('sends %s', (_what, members, body, type) => {
    const message = toBinary(fromJson(`${head},${members}}`));
    expect(message.body).toEqual(body);
    expect(message.headers['content-type']).toBe(type);
  });

  it('makes headers that Headers takes, whatever the attributes', () => {
    const event = fromJson(`${head},"subject":"a\u{1f600}\\u00a0","ext":"\\r\\nSet-Cookie: x"}`);
    const headers = new Headers(toBinary(event).headers);
    expect(headers.get('ce-ext')).toBe('%0D%0ASet-Cookie:%20x');
    expect(headers.has('set-cookie')).toBe(false);
  });
});

function read(
  headers: Record<string, string>,
  body: string | Uint8Array | undefined,
  base: Record<string, string> = required,
): Event {
  const all = new Headers({ ...base, ...headers });
  return fromBinary(all, typeof body === 'string' ? new TextEncoder().encode(body) : body);
}

function refusalOf(run: () => unknown): TulleError {
  try {
    run();
  } catch (error) {
    if (TulleError.is(error)) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
