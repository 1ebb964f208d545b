import type { ListedObject } from './answer.ts';
import type { Bucket } from './bucket.ts';

/**
 * Why an object is read no further: another one has its key by now, it cannot be read, or this pull may make no more
 * requests. Caught where objects are read.
 */
export class ObjectFailure extends Error {
  override readonly name = 'ObjectFailure';
  readonly kind: 'changed' | 'broken' | 'later';

  constructor(kind: ObjectFailure['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface TextOptions {
  /** Of the first byte, as it is inflated. */
  readonly offset: number;
  /** Known once its first bytes were read. */
  readonly gzip: boolean | undefined;
  /** Told when it is known. */
  readonly onGzip: (gzip: boolean) => void;
}

/** A range of an object that is read as it is, and of one that has to be inflated from its start. */
const plainBytes = 1_048_576;
const gzipBytes = 4_194_304;
/** So much of a bomb is looked at. */
const inflatedBytes = 4_294_967_296;

/**
 * The bytes of an object from an offset on, inflated where they begin as gzip does. There is no way into the middle of
 * gzip: what lies before the offset is read again.
 * Throws ObjectFailure, and what `Bucket` throws.
 */
export async function* readText(
  bucket: Bucket,
  object: ListedObject,
  { offset, gzip, onGzip }: TextOptions,
): AsyncGenerator<Uint8Array> {
  if (object.size === 0) return;
  if (gzip === undefined) {
    const head = await readRange(bucket, object, 0, plainBytes);
    const isGzip = head[0] === 0x1f && head[1] === 0x8b;
    onGzip(isGzip);
    if (isGzip) yield* inflate(ranges(bucket, object, { start: head.length, length: gzipBytes, head }), offset);
    else yield* ranges(bucket, object, { start: head.length, length: plainBytes, head });
  } else if (gzip) yield* inflate(ranges(bucket, object, { start: 0, length: gzipBytes }), offset);
  else yield* ranges(bucket, object, { start: offset, length: plainBytes });
}

async function* ranges(
  bucket: Bucket,
  object: ListedObject,
  { start, length, head }: { readonly start: number; readonly length: number; readonly head?: Uint8Array },
): AsyncGenerator<Uint8Array> {
  if (head !== undefined) yield head;
  for (let at = start; at < object.size; at += length) yield await readRange(bucket, object, at, length);
}

async function readRange(bucket: Bucket, object: ListedObject, start: number, length: number): Promise<Uint8Array> {
  if (bucket.left() < 2) throw new ObjectFailure('later', 'the next pull goes on');
  const read = await bucket.read(object, start, length);
  switch (read.kind) {
    case 'bytes':
      return read.bytes;
    case 'changed':
      throw new ObjectFailure('changed', 'the object was replaced while it was read');
    case 'gone':
      throw new ObjectFailure('broken', 'the object was deleted before it was read to its end');
    default:
      throw new ObjectFailure('broken', 'the service answers the object in another encoding than it is stored in');
  }
}

async function* inflate(chunks: AsyncGenerator<Uint8Array>, offset: number): AsyncGenerator<Uint8Array> {
  const { readable, writable } = new DecompressionStream('gzip');
  const writer = writable.getWriter();
  const reader = (readable as ReadableStream<Uint8Array>).getReader();
  /** Of reading: whatever else goes wrong is the gzip's. */
  let failure: { readonly error: unknown } | undefined;

  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
    } catch (error) {
      failure = { error };
      throw error;
    }
  }

  async function pump(): Promise<void> {
    try {
      for await (const chunk of watched()) await writer.write(chunk as Uint8Array<ArrayBuffer>);
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => undefined);
    }
  }

  const pumping = pump();
  let at = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const skipped = Math.min(value.length, Math.max(0, offset - at));
      at += value.length;
      if (at > inflatedBytes) throw new ObjectFailure('broken', 'the object inflates to more than 4 GiB');
      if (skipped < value.length) yield value.subarray(skipped);
    }
  } catch (error) {
    if (failure !== undefined) throw failure.error;
    if (error instanceof ObjectFailure) throw error;
    throw new ObjectFailure('broken', 'the object is no gzip, or damaged');
  } finally {
    await reader.cancel().catch(() => undefined);
    await pumping;
  }
}
