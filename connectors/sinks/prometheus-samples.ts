import { joinBytes } from '../../mesh/join-bytes.ts';

/** One value of a series. */
export interface Sample {
  /** `__name__` among them; sorted by name, none of them empty. */
  readonly labels: readonly Label[];
  readonly value: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

export type Label = readonly [name: string, value: string];

/**
 * `prometheus.WriteRequest` of remote write 1.0 in protocol buffers:
 * `{ timeseries = 1: { labels = 1: { name = 1, value = 2 }, samples = 2: { double value = 1, int64 timestamp = 2 } } }`.
 * Each series once, its samples in the order of their times, as the specification asks. Four kinds of fields are no reason
 * for a library that reads schemas.
 */
export function encodeWriteRequest(samples: readonly Sample[]): Uint8Array {
  const series = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = JSON.stringify(sample.labels);
    const known = series.get(key);
    if (known === undefined) series.set(key, [sample]);
    else known.push(sample);
  }
  const parts = [...series.values()].map((ofOne) =>
    message(1, [
      ...(ofOne[0]?.labels ?? []).map(([name, value]) => message(1, [text(1, name), text(2, value)])),
      ...ofOne
        .toSorted((one, other) => one.time - other.time)
        .map(({ value, time }) => message(2, sample(value, time))),
    ]),
  );
  return join(parts);
}

/** A name as Prometheus takes it: letters, digits, `_`, in names of metrics `:`; not a digit at the start. */
export function toName(text: string, isMetric: boolean): string {
  const name = text.replaceAll(isMetric ? /[^a-zA-Z0-9_:]/g : /[^a-zA-Z0-9_]/g, '_');
  return /^\d/.test(name) ? `_${name}` : name;
}

const encoder = new TextEncoder();

/** The tag of a field: its number, and 2 for what has a length. */
function message(field: number, parts: readonly Uint8Array[]): Uint8Array {
  const bytes = join(parts);
  return join([Uint8Array.of((field << 3) | 2, ...varint(BigInt(bytes.length))), bytes]);
}

function text(field: number, value: string): Uint8Array {
  return message(field, [encoder.encode(value)]);
}

function sample(value: number, time: number): Uint8Array[] {
  const bytes = new Uint8Array(9);
  bytes[0] = (1 << 3) | 1;
  new DataView(bytes.buffer).setFloat64(1, value, true);
  return [bytes, Uint8Array.of(2 << 3, ...varint(BigInt.asUintN(64, BigInt(Math.trunc(time)))))];
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return bytes;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return joinBytes(
    parts,
    parts.reduce((length, part) => length + part.length, 0),
  );
}
