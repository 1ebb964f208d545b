import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataBytes, dataText } from '../../../event/data.ts';
import { TulleError } from '../../../event/error.ts';
import { cloudEventsProtocol } from '../../../mesh/protocols/cloudevents.ts';
import { defaultLimits } from '../../../mesh/protocols/protocol.ts';
import type { Decoded } from '../../../mesh/protocols/protocol.ts';

const minimal = { specversion: '1.0', id: '1', source: '/orders', type: 'order.created' };
const json = JSON.stringify(minimal);
const ceHeaders = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/orders', 'ce-type': 'order.created' };
const limits = { eventBytes: 1_000, batchBytes: 3_000, batchEvents: 5 };

describe('the mode of a request', () => {
  it.each([
    'application/cloudevents+json',
    'application/cloudevents+json; charset=utf-8',
    'application/cloudevents+json;charset="UTF-8"',
    'Application/CloudEvents+JSON ; charset=UTF-8; x=y',
  ])('is structured for %s', async (type) => {
    const { events, batch } = await decode({ 'content-type': type, 'ce-id': 'ignored' }, json);
    expect(batch).toBe(false);
    expect(events.map((event) => event.json)).toEqual([json]);
  });

  it.each(['application/cloudevents-batch+json', 'APPLICATION/cloudevents-batch+json;charset=utf-8'])(
    'is batched for %s',
    async (type) => {
      const { events, batch } = await decode({ 'content-type': type }, `[${json}, ${json}]`);
      expect(batch).toBe(true);
      expect(events.map((event) => event.json)).toEqual([json, json]);
      expect(await decode({ 'content-type': type }, '[]')).toEqual({ events: [], batch: true });
    },
  );

  it('is binary for other content types with ce- headers', async () => {
    const { events, batch } = await decode({ ...ceHeaders, 'content-type': 'application/json' }, ' {"a":1}\n');
    expect(batch).toBe(false);
    expect(dataText(events[0]!)).toBe(' {"a":1}\n');
    expect(events[0]!.attributes.id).toBe('1');
  });

  it('is binary without a body and without a content type', async () => {
    expect((await decode(ceHeaders, null)).events[0]!.data).toBeUndefined();
  });

  it('takes Content-Length: 0 for no body, whatever the content type', async () => {
    const headers = { ...ceHeaders, 'content-type': 'application/json', 'content-length': '0' };
    expect((await decode(headers, '')).events[0]!.data).toBeUndefined();
  });

  it.each([
    ['application/cloudevents+xml', 415],
    ['application/cloudevents+avro', 415],
    ['application/cloudevents', 415],
    ['application/cloudevents+jsonx', 415],
    ['application/cloudevents-batch', 415],
    ['application/cloudevents+json; charset=utf-16', 415],
    ['application/json', 415],
    ['text/plain', 415],
  ])('does not exist for %s', async (type, status) => {
    const error = await refusal({ 'content-type': type }, json);
    expect(error.status).toBe(status);
    expect(error.mend).toContain('application/cloudevents+json');
  });

  it('says what an event looks like when there is none', async () => {
    const error = await refusal({}, null);
    expect(error).toMatchObject({ code: 'media_type_unsupported', status: 415 });
    expect(error.mend).toContain('"specversion":"1.0"');
    expect(error.mend).toContain('ce-specversion: 1.0');
  });

  it('decides whether the protocol matches', () => {
    const matches = (headers: Record<string, string>): boolean => cloudEventsProtocol.match(post(headers, null));
    expect(matches({ 'content-type': 'application/CloudEvents+json' })).toBe(true);
    expect(matches({ 'ce-type': 'x' })).toBe(true);
    expect(matches({ 'content-type': 'application/json' })).toBe(false);
  });
});

describe('a body', () => {
  const structured = { 'content-type': 'application/cloudevents+json' };
  const batched = { 'content-type': 'application/cloudevents-batch+json' };

  it.each([
    ['a byte order mark', Buffer.from(`\ufeff${json}`)],
    ['invalid UTF-8', Buffer.from(json.replace('order', '\u00e9'), 'latin1')],
    ['UTF-16', Buffer.from(json, 'utf16le')],
    ['nothing', Buffer.alloc(0)],
    ['a cut text', Buffer.from(json.slice(0, -1))],
    ['two events', Buffer.from(json + json)],
  ])('of %s is no JSON', async (_what, body) => {
    expect(await refusal(structured, body)).toMatchObject({ code: 'json_invalid', status: 400 });
    expect(await refusal(batched, body)).toMatchObject({ status: 400 });
  });

  it('is bounded for one event', async () => {
    const padded = (length: number): string => json.slice(0, -1).concat(' '.repeat(length - json.length), '}');
    await expect(decode(structured, padded(1_000))).resolves.toBeTruthy();
    expect(await refusal(structured, padded(1_001))).toMatchObject({ code: 'too_large', status: 413 });
    expect(await refusal({ ...ceHeaders, 'content-type': 'image/png' }, Buffer.alloc(1_001))).toMatchObject({
      code: 'too_large',
    });
  });

  it('is bounded for a batch: its bytes, its events, and each event', async () => {
    const big = JSON.stringify({ ...minimal, data: 'é'.repeat(470) });
    expect(big.length).toBeLessThan(limits.eventBytes);
    expect(await refusal(batched, `[${json},${big}]`)).toMatchObject({ code: 'too_large', place: '/1' });
    expect(await refusal(batched, `[${json}${' '.repeat(3_000)}]`)).toMatchObject({ code: 'too_large', place: 'body' });
    expect(await refusal(batched, `[${Array(6).fill(json).join()}]`)).toMatchObject({ code: 'too_large', place: '/5' });
    await expect(decode(batched, `[${Array(5).fill(json).join()}]`)).resolves.toBeTruthy();
  });

  it('lists the faulty events of a batch', async () => {
    const error = await refusal(batched, `[${json},{"specversion":"1.0"},${json.replace('1.0', '0.3')}]`);
    expect(error).toMatchObject({ code: 'batch_invalid', status: 400 });
    expect(error.errors?.map((item) => item.place)).toEqual(['/1/id', '/2/specversion']);
  });
});

describe('any request', () => {
  it('is decoded or refused with a status below 500', async () => {
    const type = fc.constantFrom(
      'application/cloudevents+json',
      'application/cloudevents-batch+json',
      'application/cloudevents+xml',
      'application/json',
      'text/plain',
      'x',
    );
    const value = fc.stringMatching(/^[!-~]([ -~]{0,12}[!-~])?$/);
    const headers = fc.record(
      {
        'content-type': fc.oneof(type, value),
        'content-encoding': fc.oneof(fc.constantFrom('gzip', 'deflate', 'br', 'identity'), value),
        'ce-specversion': fc.oneof(fc.constant('1.0'), value),
        'ce-id': value,
        'ce-source': value,
        'ce-type': value,
        'ce-time': value,
        'ce-datacontenttype': value,
      },
      { requiredKeys: [] },
    );
    const body = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => Buffer.from(text)),
      fc.jsonValue().map((data) => Buffer.from(JSON.stringify({ ...minimal, data }))),
    );
    await fc.assert(
      fc.asyncProperty(headers, body, async (sent, bytes) => {
        const outcome = await decode(sent, new Uint8Array(bytes)).catch((error: unknown) => error);
        if (outcome instanceof Error) {
          expect(TulleError.is(outcome) && outcome.status).toBeLessThan(500);
          expect(TulleError.is(outcome) && outcome.mend).toBeTruthy();
        } else {
          for (const event of (outcome as Decoded).events) expect(() => dataBytes(event)).not.toThrow();
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('of default size is taken', async () => {
    const bytes = new Uint8Array(defaultLimits.eventBytes).fill(255);
    const request = post({ ...ceHeaders, 'content-type': 'image/png' }, bytes);
    const { events } = await cloudEventsProtocol.decode(request, defaultLimits);
    expect(Buffer.compare(dataBytes(events[0]!) as Uint8Array, bytes)).toBe(0);
  });
});

type Body = string | Uint8Array<ArrayBuffer> | null;

function post(headers: Record<string, string>, body: Body): Request {
  return new Request('https://mesh.example/', { method: 'POST', headers, body });
}

function decode(headers: Record<string, string>, body: Body): Promise<Decoded> {
  return cloudEventsProtocol.decode(post(headers, body), limits);
}

async function refusal(headers: Record<string, string>, body: Body): Promise<TulleError> {
  const error: unknown = await decode(headers, body).then(
    () => new Error('nothing was refused'),
    (thrown: unknown) => thrown,
  );
  if (TulleError.is(error)) return error;
  throw error;
}
