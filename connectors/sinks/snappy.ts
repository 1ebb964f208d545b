/**
 * Snappy's block format (https://github.com/google/snappy/blob/main/format_description.txt), which remote write asks for:
 * the length, then literals and copies of what came up to 64 KB before. Labels repeat in every series, so that copies are
 * worth their forty lines; a library would bring the other direction as well.
 */
export function compressSnappy(input: Uint8Array): Uint8Array {
  // Incompressible input grows by the tags of its literals: 3 bytes in 64 KB.
  const output = new Uint8Array(16 + input.length + Math.ceil(input.length / 32));
  let written = 0;
  for (let rest = input.length; ; rest >>>= 7) {
    output[written++] = rest < 128 ? rest : (rest & 127) | 128;
    if (rest < 128) break;
  }
  const table = new Uint16Array(1 << hashBits);
  for (let start = 0; start < input.length; start += blockSize) {
    written = compressBlock(input, start, Math.min(start + blockSize, input.length), table.fill(0), output, written);
  }
  return output.subarray(0, written);
}

const blockSize = 65_536;
const hashBits = 14;

/** Answers how much of `output` is written then. */
function compressBlock(
  input: Uint8Array,
  start: number,
  end: number,
  table: Uint16Array,
  output: Uint8Array,
  from: number,
): number {
  let written = from;
  let literal = start;
  let at = start;
  while (at + 4 <= end) {
    const word = wordAt(input, at);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - hashBits);
    const candidate = start + (table[slot] ?? 0);
    table[slot] = at - start;
    if (candidate >= at || wordAt(input, candidate) !== word) {
      at += 1;
      continue;
    }
    let length = 4;
    while (at + length < end && input[candidate + length] === input[at + length]) length += 1;
    written = writeLiteral(input, literal, at, output, written);
    written = writeCopy(at - candidate, length, output, written);
    at += length;
    literal = at;
  }
  return writeLiteral(input, literal, end, output, written);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

function writeLiteral(input: Uint8Array, from: number, to: number, output: Uint8Array, at: number): number {
  if (from === to) return at;
  let written = at;
  const length = to - from - 1;
  if (length < 60) output[written++] = length << 2;
  else if (length < 256) {
    output[written++] = 60 << 2;
    output[written++] = length;
  } else {
    output[written++] = 61 << 2;
    output[written++] = length & 255;
    output[written++] = length >>> 8;
  }
  output.set(input.subarray(from, to), written);
  return written + to - from;
}

/** With offsets of two bytes, up to 64 bytes each. */
function writeCopy(offset: number, length: number, output: Uint8Array, at: number): number {
  let written = at;
  for (let left = length; left > 0; left -= 64) {
    output[written++] = ((Math.min(left, 64) - 1) << 2) | 2;
    output[written++] = offset & 255;
    output[written++] = offset >>> 8;
  }
  return written;
}
