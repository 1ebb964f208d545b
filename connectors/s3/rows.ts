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
  /** A line break between quotes is none. */
  readonly quoted: boolean;
}

/** As of an event: no longer one can be published. */
export const rowBytes = 1_048_576;

/** Splits chunks into rows. One that is too long is passed over: no more than its limit is kept of it. */
export async function* splitRows(
  chunks: AsyncIterable<Uint8Array>,
  { offset, quoted }: RowOptions,
): AsyncGenerator<Row> {
  let start = offset;
  let at = offset;
  let parts: Uint8Array[] = [];
  let kept = 0;
  let isQuoted = false;

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
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index];
      if (quoted && byte === quote) isQuoted = !isQuoted;
      if (byte !== lineFeed || isQuoted) continue;
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
