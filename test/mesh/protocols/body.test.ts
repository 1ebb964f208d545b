import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { TulleError } from '../../../event/error.ts';
import { decodeText, readBody } from '../../../mesh/protocols/body.ts';

const text = 'hello, wörld '.repeat(50);
const bytes = new Uint8Array(Buffer.from(text));

describe('readBody', () => {
  it('reads a body as it is', async () => {
    expect(await read({}, bytes)).toBe(text);
    expect(await read({ 'content-encoding': 'identity' }, bytes)).toBe(text);
  });

  it.each([
    ['gzip', gzipSync(text)],
    ['GZip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
  ])('inflates %s', async (encoding, body) => {
    expect(await read({ 'content-encoding': encoding }, new Uint8Array(body))).toBe(text);
  });

  it('joins what comes in pieces', async () => {
    expect(await read({}, pieces(bytes, 7))).toBe(text);
    expect(await read({ 'content-encoding': 'gzip' }, pieces(new Uint8Array(gzipSync(text)), 3))).toBe(text);
  });

  it('answers undefined where there is none', async () => {
    expect(await readBody(post({}, null), 10)).toBeUndefined();
    expect(await readBody(post({ 'content-length': '0' }, ''), 10)).toBeUndefined();
    expect(await readBody(post({}, new Uint8Array()), 10)).toEqual(new Uint8Array());
  });

  it('refuses by Content-Length before it reads', async () => {
    let pulled = 0;
    const stream = new ReadableStream<Uint8Array>(
      {
        pull() {
          pulled++;
        },
      },
      { highWaterMark: 0 },
    );
    expect(await refusal({ 'content-length': '1001' }, stream)).toMatchObject({ code: 'too_large', status: 413 });
    expect(pulled).toBe(0);
  });

  it('counts what comes without a length, and stops the sender', async () => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(300)),
      cancel: () => {
        cancelled = true;
      },
    });
    expect(await refusal({}, endless)).toMatchObject({ code: 'too_large' });
    expect(cancelled).toBe(true);
  });

  it('does not believe a length that is too small', async () => {
    expect(await refusal({ 'content-length': '5' }, new Uint8Array(1_001))).toMatchObject({ code: 'too_large' });
  });

  it.each(['gzip', 'deflate'])('counts while it inflates %s', async (encoding) => {
    const zeros = Buffer.alloc(50_000_000);
    const bomb = new Uint8Array(encoding === 'gzip' ? gzipSync(zeros) : deflateSync(zeros));
    const before = process.memoryUsage().arrayBuffers;
    expect(await refusal({ 'content-encoding': encoding }, bomb, 100_000)).toMatchObject({
      code: 'too_large',
      status: 413,
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  });

  it('takes exactly the limit, and refuses one byte more', async () => {
    expect((await readBody(post({}, new Uint8Array(1_000)), 1_000))?.length).toBe(1_000);
    expect(await refusal({}, new Uint8Array(1_001))).toMatchObject({ code: 'too_large' });
    const packed = new Uint8Array(gzipSync(new Uint8Array(1_001)));
    expect(await refusal({ 'content-encoding': 'gzip' }, packed)).toMatchObject({ code: 'too_large' });
  });

  it.each(['br', 'zstd', 'gzip, gzip', 'compress', 'x'])('refuses the encoding %s', async (encoding) => {
    expect(await refusal({ 'content-encoding': encoding }, bytes)).toMatchObject({
      code: 'media_type_unsupported',
      status: 415,
      place: 'content-encoding',
    });
  });

  it.each([
    ['no gzip', bytes],
    ['cut gzip', new Uint8Array(gzipSync(text).subarray(0, 40))],
    ['gzip with a wrong checksum', corrupted(gzipSync(text), -6)],
    ['nothing', new Uint8Array()],
  ])('refuses %s sent as gzip', async (_what, body) => {
    expect(await refusal({ 'content-encoding': 'gzip' }, body)).toMatchObject({ code: 'request_invalid', status: 400 });
  });

  it('refuses raw deflate, which HTTP does not mean', async () => {
    const raw = new Uint8Array(deflateRawSync(text));
    expect(await refusal({ 'content-encoding': 'deflate' }, raw)).toMatchObject({ code: 'request_invalid' });
  });

  it('refuses a body that breaks off', async () => {
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(bytes);
        controller.error(new Error('connection reset'));
      },
    });
    expect(await refusal({}, broken)).toMatchObject({ code: 'request_invalid', status: 400 });
  });
});

describe('decodeText', () => {
  it('keeps a byte order mark for the JSON grammar to refuse', () => {
    expect(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x31))).toBe('\ufeff1');
  });

  it.each([[[0xff]], [[0xc0, 0xa0]], [[0xed, 0xa0, 0x80]], [[0xe2, 0x82]]])('refuses the bytes %j', (invalid) => {
    expect(() => decodeText(Uint8Array.from(invalid))).toThrow(TulleError);
  });
});

type Body = Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | string | null;

function post(headers: Record<string, string>, body: Body): Request {
  // Node asks for `duplex` with a stream; the types of Workers do not know it.
  const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
  return new Request('https://mesh.example/', init);
}

async function read(headers: Record<string, string>, body: Body): Promise<string> {
  return decodeText((await readBody(post(headers, body), 1_000))!);
}

async function refusal(headers: Record<string, string>, body: Body, maxBytes = 1_000): Promise<TulleError> {
  const error: unknown = await readBody(post(headers, body), maxBytes).then(
    () => new Error('nothing was refused'),
    (thrown: unknown) => thrown,
  );
  if (TulleError.is(error)) return error;
  throw error;
}

function pieces(whole: Uint8Array<ArrayBuffer>, size: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= whole.length) controller.close();
      else controller.enqueue(whole.slice(at, (at += size)));
    },
  });
}

function corrupted(packed: Uint8Array, at: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(packed);
  copy[copy.length + at]! ^= 0xff;
  return copy;
}
