import { TulleError } from '../../event/error.ts';
import { hash } from '../../mesh/hash.ts';
import type { ListedObject } from './answer.ts';
import type { Bucket } from './bucket.ts';

/** Which object comes next, and what is to be stored of how far it is. */
export interface ObjectOrder {
  /** `undefined`: there is none now. `later`: this pull may ask no more. */
  next(): Promise<ListedObject | 'later' | undefined>;
  /** It was read to its end. */
  finish(object: ListedObject): void;
  /** The one that has the key of an object now, if that has to be asked for. */
  findAgain(object: ListedObject): Promise<ListedObject | undefined>;
  position(): OrderPosition;
}

/** In the order of keys: the last one. In that of time: what is older than `floor` is done, and of the others `seen`. */
export interface OrderPosition {
  readonly after?: string;
  readonly floor?: number;
  readonly seen?: readonly string[];
}

export interface OrderOptions {
  readonly bucket: Bucket;
  readonly prefix: string;
  readonly suffix: string;
}

/** For keys that grow: nothing is listed twice. What is added before the last key is not seen. */
export function createKeyOrder({ bucket, prefix, suffix }: OrderOptions, position: OrderPosition): ObjectOrder {
  let { after } = position;
  let page: ListedObject[] = [];
  let token: string | undefined;
  let isAtEnd = false;

  return {
    async next() {
      for (;;) {
        const object = page.shift();
        if (object === undefined) {
          if (isAtEnd) return undefined;
          if (bucket.left() < 1) return 'later';
          const list = await bucket.list({ prefix, after, token });
          page = [...list.objects];
          ({ token } = list);
          isAtEnd = token === undefined;
        } else if (isWanted(object, suffix)) return object;
        else after = object.key;
      }
    },
    finish({ key }) {
      after = key;
    },
    async findAgain({ key }) {
      const { objects } = await bucket.list({ prefix: key });
      return objects.find((one) => one.key === key);
    },
    position: () => (after === undefined ? {} : { after }),
  };
}

/** What a scan found, kept between the pulls of one session. */
export interface Scan {
  readonly pending: ListedObject[];
  readonly seen: Map<string, number>;
  floor: number;
}

export interface TimeOrderOptions extends OrderOptions {
  /** How much older than the newest an object may be that shows up late, in milliseconds. */
  readonly overlapMs: number;
}

/**
 * For keys of any kind: everything under the prefix is listed, and what is new goes by the time of its last change. A large
 * upload has the time at which it began, so that what shows up late is looked for as far back as the overlap.
 */
export async function createTimeOrder(
  { bucket, prefix, suffix, overlapMs }: TimeOrderOptions,
  position: OrderPosition,
  former: Scan | undefined,
): Promise<{ readonly order: ObjectOrder; readonly scan: Scan }> {
  const scan = former ?? (await scanAll());

  async function scanAll(): Promise<Scan> {
    const { floor = 0, seen: known = [] } = position;
    const isKnown = new Set(known);
    const pending: ListedObject[] = [];
    const seen = new Map<string, number>();
    let token: string | undefined;
    for (let pages = 0; pages === 0 || token !== undefined; pages += 1) {
      if (pages === mostPages) {
        throw new TulleError('too_large', `there are more than ${mostPages * 1000} objects under this prefix`, {
          mend: 'Take a longer prefix, or keys that grow with the time and `order: key`.',
        });
      }
      const list = await bucket.list({ prefix, token });
      for (const object of list.objects) {
        if (object.modified < floor || !isWanted(object, suffix)) continue;
        const mark = markOf(object);
        if (isKnown.has(mark)) seen.set(mark, object.modified);
        else pending.push(object);
      }
      ({ token } = list);
    }
    pending.sort((one, other) => one.modified - other.modified || (one.key < other.key ? -1 : 1));
    return { pending, seen, floor };
  }

  const order: ObjectOrder = {
    next: async () => scan.pending[0],
    finish(object) {
      const isIt = ({ key, etag }: ListedObject): boolean => key === object.key && etag === object.etag;
      const at = scan.pending.findIndex(isIt);
      if (at >= 0) scan.pending.splice(at, 1);
      scan.seen.set(markOf(object), object.modified);
    },
    // The next scan finds it: its time is another.
    findAgain: async () => undefined,
    position() {
      raiseFloor(scan, overlapMs);
      return { floor: scan.floor, seen: [...scan.seen.keys()] };
    },
  };
  return { order, scan };
}

/** Never above what is still to be read. Of very many objects at a time fewer are remembered than the overlap has. */
function raiseFloor(scan: Scan, overlapMs: number): void {
  const times = [...scan.seen.values()].sort((one, other) => other - one);
  const [newest] = times;
  if (newest === undefined) return;
  const oldestPending = scan.pending[0]?.modified ?? Number.POSITIVE_INFINITY;
  const crowded = times[remembered - 1] ?? 0;
  scan.floor = Math.max(scan.floor, Math.min(oldestPending, Math.max(newest - overlapMs, crowded)));
  for (const [mark, modified] of scan.seen) if (modified < scan.floor) scan.seen.delete(mark);
  if (scan.seen.size <= (4 * remembered) / 3) return;
  throw new TulleError('too_large', 'too many objects have the same time of change to tell those that were read', {
    mend: 'Take a longer prefix, or keys that grow with the time and `order: key`.',
  });
}

/** Pages of a thousand; the rest of a pull's requests are for what is in the objects. */
const mostPages = 30;
/** A position has 65,536 characters, a mark up to 18 of them, and there is the head of a CSV beside. */
const remembered = 1_800;

function isWanted({ key, size }: ListedObject, suffix: string): boolean {
  // What stands for a folder is empty.
  return key.endsWith(suffix) && !(size === 0 && key.endsWith('/'));
}

function markOf({ key, etag }: ListedObject): string {
  const text = `${key} ${etag}`;
  return [hash(text), hash(text, 0x9e3779b9)].map((part) => (part >>> 0).toString(36)).join('.');
}
