import { CloudEvent, HTTP } from 'cloudevents';
import type { Headers as SdkHeaders, Message } from 'cloudevents';
import { describe, expect, it } from 'vitest';
import { dataBytes, dataValue } from '../../event/data.ts';
import type { Event } from '../../event/event.ts';
import { toBinary } from '../../event/http-binary.ts';
import { fromJson } from '../../event/json-format.ts';
import { toBatch, toStructured } from '../../event/structured.ts';
import type { HttpMessage } from '../../event/structured.ts';
import { cloudEventsProtocol } from '../../mesh/protocols/cloudevents.ts';
import { defaultLimits } from '../../mesh/protocols/protocol.ts';

/**
 * Beside the JavaScript SDK. Known defects of it (cloudevents 10.0) are kept out of what is compared: it does not
 * percent-encode or decode headers, drops falsy data in structured mode, hands bytes on as a Uint32Array, turns JSON
 * scalars of binary mode into strings, and adds a time where there is none.
 */
const attributes = {
  id: 'a-1',
  source: '/interop',
  type: 'com.example.made',
  subject: 'order/1',
  time: '2026-11-21T10:20:30.123Z',
  dataschema: 'https://example.com/schema',
  ext: 'value',
};

const payloads: [string, Record<string, unknown>][] = [
  ['no data', {}],
  ['an object', { data: { a: [1, 'é', null] } }],
  ['an object of a type', { datacontenttype: 'application/json; charset=utf-8', data: { a: 1 } }],
  ['an array', { datacontenttype: 'application/json', data: [1, 2] }],
  ['text', { datacontenttype: 'text/plain', data: 'hello, wörld' }],
];

describe('what the cloudevents SDK sends', () => {
  it.each(payloads)('is accepted in structured mode: %s', async (_what, payload) => {
    const sent = new CloudEvent({ ...attributes, ...payload });
    const event = await receive(HTTP.structured(sent));
    expect({ ...event.attributes }).toEqual({
      ...attributes,
      specversion: '1.0',
      ...('datacontenttype' in payload ? { datacontenttype: payload.datacontenttype } : {}),
    });
    expect(dataValue(event)).toEqual(payload.data);
  });

  it.each(payloads)('is accepted in binary mode: %s', async (_what, payload) => {
    const event = await receive(HTTP.binary(new CloudEvent({ ...attributes, ...payload })));
    expect({ ...event.attributes }).toEqual({
      ...attributes,
      specversion: '1.0',
      // It names a content type also where there is none to name.
      datacontenttype: payload.datacontenttype ?? 'application/json; charset=utf-8',
    });
    expect(dataValue(event)).toEqual(payload.data);
  });

  it('is accepted with bytes', async () => {
    const sent = new CloudEvent({ ...attributes, datacontenttype: 'image/png', data: Uint8Array.of(1, 2, 250) });
    expect(dataBytes(await receive(HTTP.structured(sent)))).toEqual(Uint8Array.of(1, 2, 250));
    expect(dataBytes(await receive(HTTP.binary(sent)))).toEqual(Uint8Array.of(1, 2, 250));
  });
});

describe('what Tulle sends', () => {
  const { ext: _ext, ...core } = attributes;

  it.each(payloads)('is read by the SDK in both modes: %s', (_what, payload) => {
    const event = fromJson(JSON.stringify({ specversion: '1.0', ...attributes, ...payload }));
    for (const message of [toStructured(event), toBinary(event)]) {
      const read = HTTP.toEvent<unknown>(forSdk(message)) as CloudEvent<unknown>;
      expect(read.toJSON()).toMatchObject({ ...core, ext: 'value' });
      if (payload.data !== undefined) expect(read.data).toEqual(payload.data);
    }
  });

  it('is read by the SDK as a batch', () => {
    const event = fromJson(JSON.stringify({ specversion: '1.0', ...attributes, data: { a: 1 } }));
    const read = HTTP.toEvent(forSdk(toBatch([event, event]))) as CloudEvent<unknown>[];
    expect(read.map(({ id, data }) => [id, data])).toEqual([
      ['a-1', { a: 1 }],
      ['a-1', { a: 1 }],
    ]);
  });
});

async function receive(message: Message): Promise<Event> {
  const request = new Request('https://mesh.example/', {
    method: 'POST',
    headers: message.headers as Record<string, string>,
    body: (message.body ?? null) as string | Uint8Array<ArrayBuffer> | null,
  });
  return (await cloudEventsProtocol.decode(request, defaultLimits)).events[0]!;
}

/** The SDK knows the content types of structured mode in one spelling only, without a space or upper case. */
function forSdk({ headers, body }: HttpMessage): Message {
  const type = headers['content-type']?.replace('; charset=UTF-8', '');
  const known: SdkHeaders = type === undefined ? headers : { ...headers, 'content-type': type };
  return { headers: known, body };
}
