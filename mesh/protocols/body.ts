import { TulleError } from '../../event/error.ts';
import { joinBytes } from '../join-bytes.ts';

/**
 * The body's bytes, inflated when it came with `Content-Encoding: gzip` or `deflate`; `undefined` when there is none.
 * `Content-Length` is looked at first, then the bytes are counted as they come and as they inflate (gzip: 1,000 to 1).
 * With `exactLength` a body is taken at once where its length was declared: see `Limits`.
 * @throws TulleError `too_large`, `media_type_unsupported` for other encodings, `request_invalid` for a broken body
 */
export async function readBody(
  request: Request,
  maxBytes: number,
  options: { readonly exactLength?: boolean } = {},
): Promise<Uint8Array | undefined> {
  const encoding = contentEncoding(request.headers);
  const declared = request.headers.get('content-length');
  if (declared !== null && Number(declared) > maxBytes) throw tooLarge(maxBytes);
  // Before the stream is asked for: on Node that makes a whole request of the light one that the server hands over.
  if (encoding === undefined && declared !== null && options.exactLength === true) {
    return declared === '0' ? undefined : takeWhole(request);
  }
  if (request.body === null) return undefined;
  const bytes = await collect(encoding === undefined ? request.body : inflate(request.body, encoding), maxBytes);
  // Clients that send no body say so with a length of 0 (and often with a content type all the same).
  return bytes.length === 0 && declared === '0' ? undefined : bytes;
}

/** Strict UTF-8, for a body that must be JSON. @throws TulleError `json_invalid` */
export function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new TulleError('json_invalid', 'The body is not valid UTF-8', {
      place: 'body',
      mend: 'Send JSON encoded in UTF-8 (RFC 8259, section 8.1).',
    });
  }
}

// The byte order mark is kept: the JSON grammar then refuses it.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

type Encoding = 'gzip' | 'deflate';

function contentEncoding(headers: Headers): Encoding | undefined {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return undefined;
  if (encoding === 'gzip' || encoding === 'x-gzip') return 'gzip';
  if (encoding === 'deflate') return 'deflate';
  throw new TulleError('media_type_unsupported', 'The content encoding of the body is not supported', {
    place: 'content-encoding',
    mend: 'Send the body as it is, or with Content-Encoding: gzip or deflate.',
  });
}

function inflate(body: ReadableStream<Uint8Array>, encoding: Encoding): ReadableStream<Uint8Array> {
  return body.pipeThrough(new DecompressionStream(encoding));
}

/** In workerd a third of what a reader costs. */
async function takeWhole(request: Request): Promise<Uint8Array> {
  try {
    return new Uint8Array(await request.arrayBuffer());
  } catch (error) {
    throw cutOff(error);
  }
}

async function collect(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await next(reader);
    if (done) break;
    length += value.length;
    if (length > maxBytes) {
      // Whatever the cancelling meets, the answer stays the same.
      await reader.cancel().catch(() => undefined);
      throw tooLarge(maxBytes);
    }
    chunks.push(value);
  }
  return chunks.length === 1 ? chunks[0]! : joinBytes(chunks, length);
}

async function next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read();
  } catch (error) {
    throw cutOff(error);
  }
}

function cutOff(cause: unknown): TulleError {
  return new TulleError('request_invalid', 'The body is cut off or its compression is broken', {
    place: 'body',
    mend: 'Send the whole body, compressed as Content-Encoding says.',
    cause,
  });
}

function tooLarge(maxBytes: number): TulleError {
  return new TulleError('too_large', `The body is larger than ${maxBytes} bytes`, {
    place: 'body',
    mend: 'Send smaller events, fewer in a batch, or a reference to the data (the dataref extension).',
  });
}
