import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataBytes } from '../../event/data.ts';
import type { Event } from '../../event/event.ts';
import { fromBinary, toBinary } from '../../event/http-binary.ts';
import { batchFromJson, fromJson, readEvent } from '../../event/json-format.ts';
import { toBatch, toRaw, toStructured } from '../../event/structured.ts';
import type { HttpMessage } from '../../event/structured.ts';

describe('an event', () => {
  it('keeps attributes and data bytes from binary to structured to binary', () => {
    fc.assert(
      fc.property(strings, payload, (attributes, [type, bytes]) => {
        const headers = new Headers(toBinary(fromJson(JSON.stringify(attributes))).headers);
        if (type !== undefined) headers.set('content-type', type);
        const first = fromBinary(headers, bytes);
        expect(bodyBytes(dataBytes(first))).toEqual(bytes.length === 0 ? undefined : bytes);
        const second = fromJson(bodyText(toStructured(first)));
        expect(second.json).toBe(first.json);
        expect(second.attributes).toEqual(first.attributes);
        // White space around a JSON value means nothing inside another JSON text: only binary mode keeps it.
        const isJson = type?.includes('json') === true;
        expect(bodyBytes(dataBytes(second))).toEqual(isJson ? trimmed(bytes) : bodyBytes(dataBytes(first)));
        const third = receive(toBinary(second));
        expect(third.attributes).toEqual(first.attributes);
        expect(bodyBytes(dataBytes(third))).toEqual(bodyBytes(dataBytes(second)));
      }),
      { numRuns: 500 },
    );
  });

  it('keeps attributes and data bytes from structured to binary to structured', () => {
    const data = fc.oneof(
      fc.jsonValue().map((value) => ({ data: value })),
      fc.jsonValue().map((value) => ({ datacontenttype: 'application/json', data: value })),
      fc.string({ unit: 'grapheme', minLength: 1 }).map((value) => ({ datacontenttype: 'text/plain', data: value })),
      fc.uint8Array({ minLength: 1 }).map((value) => ({ data_base64: Buffer.from(value).toString('base64') })),
      fc.constant({}),
    );
    fc.assert(
      fc.property(strings, data, fc.constantFrom(0, 2), (attributes, members, indent) => {
        const first = fromJson(JSON.stringify({ ...attributes, ...members }, null, indent));
        const second = receive(toBinary(first));
        const implied = first.data?.member === 'data' ? { datacontenttype: 'application/json' } : {};
        expect({ ...second.attributes }).toEqual({ ...implied, ...first.attributes });
        expect(bodyBytes(dataBytes(second))).toEqual(bodyBytes(dataBytes(first)));
      }),
      { numRuns: 500 },
    );
  });

  it('is one text in a batch, in the queue and on its own', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(strings, fc.jsonValue())), (all) => {
        const events = all.map(([attributes, data]) => fromJson(JSON.stringify({ ...attributes, data })));
        expect(batchFromJson(bodyText(toBatch(events)))).toEqual(events);
        for (const event of events) expect(readEvent(event.json, event.data, event.duplicateKeys)).toEqual(event);
      }),
    );
  });
});

describe('messages', () => {
  const event = fromJson('{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"a": 1}}');

  it('name their content type', () => {
    expect(toStructured(event)).toEqual({
      headers: { 'content-type': 'application/cloudevents+json; charset=UTF-8' },
      body: event.json,
    });
    expect(toBatch([event, event])).toEqual({
      headers: { 'content-type': 'application/cloudevents-batch+json; charset=UTF-8' },
      body: `[${event.json},${event.json}]`,
    });
    expect(toBatch([]).body).toBe('[]');
    expect(toRaw(event)).toEqual({ headers: { 'content-type': 'application/json' }, body: '{"a": 1}' });
  });
});

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const strings = fc
  .record(
    {
      subject: text,
      ext: text,
      time: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString()),
    },
    { requiredKeys: [] },
  )
  .chain((optional) =>
    fc.record({ id: text, type: text }).map((named) => ({ specversion: '1.0', source: '/s', ...named, ...optional })),
  )
  .filter((attributes) =>
    Object.values(attributes).every((value) => !/[\p{Cc}\p{Noncharacter_Code_Point}]/u.test(value)),
  );

/** A content type and bytes that fit it. */
const payload: fc.Arbitrary<[string | undefined, Uint8Array]> = fc.oneof(
  fc.tuple(
    fc.constantFrom('application/json', 'a/b+json; charset=utf-8'),
    fc.json().map((json) => utf8(` ${json}\n`)),
  ),
  fc.tuple(fc.constantFrom('text/plain', 'text/csv; charset=utf-8'), fc.string({ unit: 'binary' }).map(utf8)),
  fc.tuple(fc.constantFrom('text/plain', 'image/png', undefined), fc.uint8Array()),
);

function utf8(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function trimmed(bytes: Uint8Array): Uint8Array {
  return utf8(new TextDecoder().decode(bytes).trim());
}

function receive({ headers, body }: HttpMessage): Event {
  return fromBinary(new Headers(headers), bodyBytes(body ?? undefined));
}

function bodyText(message: HttpMessage): string {
  return message.body as string;
}

function bodyBytes(body: string | Uint8Array | undefined): Uint8Array | undefined {
  return typeof body === 'string' ? utf8(body) : body;
}
