/** A row of a text, by the bytes where it lies; `text` is absent where it is too long, or no UTF-8. */
export interface Row {
  readonly start: number;
  /** Behind its line break. */
  readonly end: number;
  readonly text: string | undefined;
}

export interface RowOptions {
  /** Of the first chunk in the text. */
  readonly offset: number;
  /** Of CSV, in ASCII: a line break in a field between quotes is none. */
  readonly delimiter?: string;
}

/** As of an event: no longer one can be published. */
export const rowBytes = 1_048_576;

/** Splits chunks into rows. One that is too long is passed over: no more than its limit is kept of it. */
export async function* splitRows(
  chunks: AsyncIterable<Uint8Array>,
  { offset, delimiter }: RowOptions,
): AsyncGenerator<Row> {
  let start = offset;
  let at = offset;
  let parts: Uint8Array[] = [];
  let kept = 0;
  const findEnd = createRowEnd(delimiter);

  function keep(part: Uint8Array): void {
    if (kept <= rowBytes && part.length > 0) parts.push(part);
    kept += part.length;
  }

  function take(): Row {
    const text = kept > rowBytes ? undefined : decode(parts);
    const row = { start, end: at, text };
    [start, parts, kept] = [at, [], 0];
    return row;
  }

  for await (const chunk of chunks) {
    let from = 0;
    for (let index = findEnd(chunk, 0); index >= 0; index = findEnd(chunk, from)) {
      keep(chunk.subarray(from, index));
      at += index + 1 - from;
      from = index + 1;
      yield take();
    }
    keep(chunk.subarray(from));
    at += chunk.length - from;
  }
  if (at > start) yield take();
}

const lineFeed = 0x0a;
const quote = 0x22;

/** Where the next row ends in a chunk, from an index on; -1 where it goes on in the next. All bytes in turn. */
function createRowEnd(delimiter: string | undefined): (chunk: Uint8Array, from: number) => number {
  if (delimiter === undefined) return (chunk, from) => chunk.indexOf(lineFeed, from);
  const between = delimiter.charCodeAt(0);
  let isQuoted = false;
  /** A quote opens a field at its start only, or goes on with one that it has just ended. */
  let mayOpen = true;
  return (chunk, from) => {
    for (let index = from; index < chunk.length; index += 1) {
      if (isQuoted) {
        index = chunk.indexOf(quote, index);
        if (index < 0) return -1;
        isQuoted = false;
        mayOpen = true;
        continue;
      }
      const byte = chunk[index];
      if (byte === quote && mayOpen) isQuoted = true;
      mayOpen = byte === between || byte === lineFeed;
      if (byte === lineFeed) return index;
    }
    return -1;
  };
}

function decode(parts: readonly Uint8Array[]): string | undefined {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  try {
    return utf8.decode(bytes).replace(/\r$/, '');
  } catch {
    return undefined;
  }
}

/** A mark of the byte order in front is taken away. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
