import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { EventInput } from '../../client/event.ts';
import { readEvents } from './read-events.ts';

export interface OpenEvents {
  readonly events: AsyncIterable<readonly EventInput[]>;
  /** How much was read, 0 to 1; `undefined` where nobody knows how much there is. */
  readonly share: () => number | undefined;
}

/** The events of files, one after the other; `-` is the standard input, and so is no file at all. */
export function openEvents(files: readonly string[]): OpenEvents {
  const names = files.length === 0 ? ['-'] : files;
  const size = sizeOf(names);
  let before = 0;
  let open: (Readable & { readonly bytesRead?: number }) | undefined;

  async function* read(): AsyncGenerator<readonly EventInput[]> {
    for (const name of names) {
      open = name === '-' ? process.stdin : createReadStream(name);
      yield* readEvents(open, name);
      before += open.bytesRead ?? 0;
      open = undefined;
    }
  }

  return {
    events: read(),
    share: () => (size === undefined ? undefined : Math.min(1, (before + (open?.bytesRead ?? 0)) / size)),
  };
}

/** Of all files; `undefined` where one is no file with a size, or is missing: reading it will say so. */
function sizeOf(names: readonly string[]): number | undefined {
  let size = 0;
  for (const name of names) {
    const found = name === '-' ? undefined : statSync(name, { throwIfNoEntry: false });
    if (found?.isFile() !== true) return undefined;
    size += found.size;
  }
  return size === 0 ? undefined : size;
}
