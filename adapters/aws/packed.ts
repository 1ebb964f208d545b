import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw, inflateRawSync } from 'node:zlib';
import { TulleError } from '../../event/error.ts';
import type { Objects } from './objects.ts';
import type { Item } from './table.ts';

/**
 * A text of any length as attributes of an item: as it is where it is short, deflated, or in the bucket. DynamoDB bills a
 * write by the kilobyte, and what the mesh writes are many records that are much alike: ten records of an attempt are 3 kB
 * as text and 0.5 kB deflated.
 */
export interface Packed {
  readonly text?: string;
  readonly deflated?: Uint8Array;
  /** Where it lies in the bucket, deflated. */
  readonly object?: string;
}

export interface Packer {
  /** `folder`: what the text is of, for an operator who looks into the bucket. */
  pack(folder: string, text: string): Promise<Packed>;
  /** @throws TulleError `unavailable` where the bucket has it no more. */
  unpack(item: Item): Promise<string>;
  /** What of it lies in the bucket goes. */
  discard(items: readonly (Item | undefined)[]): Promise<void>;
}

/** Below it deflating saves nothing. */
const SHORT = 400;
/** An item has 409,600 bytes at most, names included. */
const ITEM_BYTES = 380_000;

export function createPacker(objects: Objects): Packer {
  return {
    async pack(folder, text) {
      if (text.length <= SHORT) return { text };
      const deflated = await deflateText(text);
      if (deflated.length <= ITEM_BYTES) return { deflated };
      const object = `${folder}/${randomUUID()}`;
      await objects.put(object, deflated);
      return { object };
    },
    async unpack({ text, deflated, object }) {
      if (typeof text === 'string') return text;
      if (deflated instanceof Uint8Array) return inflateText(deflated);
      const bytes = typeof object === 'string' ? await objects.get(object) : undefined;
      if (bytes !== undefined) return inflateText(bytes);
      throw new TulleError('unavailable', 'Something that is stored in the bucket is not there any more.', {
        mend: 'Look for who else deletes from the bucket.',
      });
    },
    async discard(items) {
      const keys = items.flatMap((item) => (typeof item?.['object'] === 'string' ? [item['object']] : []));
      if (keys.length > 0) await objects.delete(keys);
    },
  };
}

/** Faster than better: at level 1 it is a third of the time, and a tenth larger. */
export async function deflateText(text: string): Promise<Uint8Array> {
  return deflate(text, { level: 3 });
}

export async function inflateText(bytes: Uint8Array): Promise<string> {
  // Small ones are done sooner than a thread takes them up.
  if (bytes.length < 16_384) return inflateRawSync(bytes).toString('utf8');
  return (await inflate(bytes)).toString('utf8');
}

const deflate = promisify<string, { level: number }, Buffer>(deflateRaw);
const inflate = promisify<Uint8Array, Buffer>(inflateRaw);
