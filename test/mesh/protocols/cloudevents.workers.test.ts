import { describe, expect, it } from 'vitest';
import { dataBytes, dataText } from '../../../event/data.ts';
import { TulleError } from '../../../event/error.ts';
import { toBinary } from '../../../event/http-binary.ts';
import { cloudEventsProtocol } from '../../../mesh/protocols/cloudevents.ts';
import { defaultLimits } from '../../../mesh/protocols/protocol.ts';

/** What workerd does in its own way: header bytes, decompression, the bodies of requests. */
const ceHeaders = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/orders', 'ce-type': 'order.created' };
const json = '{"specversion":"1.0","id":"1","source":"/orders","type":"order.created","data":"é"}';

describe('CloudEvents in workerd', () => {
  it('are read in every mode', async () => {
    const binary = await decode(
      { ...ceHeaders, 'content-type': 'application/json', 'ce-subject': 'Gr%C3%BC%C3%9Fe' },
      ' {"a":1}\n',
    );
    expect(binary?.attributes.subject).toBe('Grüße');
    expect(dataText(binary!)).toBe(' {"a":1}\n');
    expect(new Headers(toBinary(binary!).headers).get('ce-subject')).toBe('Gr%C3%BC%C3%9Fe');
    expect((await decode({ 'content-type': 'application/cloudevents+json' }, json))?.json).toBe(json);
    expect((await decode({ 'content-type': 'application/cloudevents-batch+json' }, `[${json}]`))?.json).toBe(json);
  });

  it('keep bytes', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const event = await decode({ ...ceHeaders, 'content-type': 'image/png' }, bytes);
    expect(dataBytes(event!)).toEqual(bytes);
  });

  it('are read without a body', async () => {
    expect((await decode({ ...ceHeaders, 'content-type': 'application/json' }, null))?.data).toBeUndefined();
  });

  it.each(['gzip', 'deflate'] as const)('are inflated from %s', async (encoding) => {
    const headers = { 'content-type': 'application/cloudevents+json', 'content-encoding': encoding };
    expect((await decode(headers, await compressed(encoding, json)))?.json).toBe(json);
    const bomb = await compressed(encoding, new Uint8Array(20_000_000));
    expect(await refusal(headers, bomb)).toMatchObject({ code: 'too_large' });
    expect(await refusal(headers, bomb.slice(0, 100))).toMatchObject({ code: 'request_invalid' });
    expect(await refusal(headers, json)).toMatchObject({ code: 'request_invalid' });
  });

  it('are refused when they are not UTF-8, or have a byte order mark', async () => {
    const headers = { 'content-type': 'application/cloudevents+json' };
    expect(await refusal(headers, Uint8Array.of(0x7b, 0xff, 0x7d))).toMatchObject({ code: 'json_invalid' });
    expect(await refusal(headers, `\ufeff${json}`)).toMatchObject({ code: 'json_invalid' });
  });
});

type Body = string | Uint8Array<ArrayBuffer> | null;

async function decode(headers: Record<string, string>, body: Body) {
  const request = new Request('https://mesh.example/', { method: 'POST', headers, body });
  return (await cloudEventsProtocol.decode(request, defaultLimits)).events[0];
}

async function refusal(headers: Record<string, string>, body: Body): Promise<TulleError> {
  const error: unknown = await decode(headers, body).catch((thrown: unknown) => thrown);
  if (TulleError.is(error)) return error;
  throw error;
}

async function compressed(
  encoding: 'gzip' | 'deflate',
  content: string | Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream(encoding));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
