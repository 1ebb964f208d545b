import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { inflateRawSync } from 'node:zlib';

/** Unpacks a zip as Lambda does with a function's code: stored and deflated entries, no encryption, no ZIP64 (APPNOTE 6.3). */
export async function unzip(archive: string, folder: string): Promise<void> {
  const bytes = await readFile(archive);
  const end = bytes.lastIndexOf(endOfDirectory);
  if (end < 0) throw new Error(`${archive} is no zip`);
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((place) => bytes.readUInt16LE(at + place));
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength!);
    await unpack(bytes, at, name);
    at += 46 + nameLength! + extraLength! + commentLength!;
  }

  async function unpack(bytes: Buffer, entry: number, name: string): Promise<void> {
    if (name.endsWith('/')) return;
    if (normalize(name).startsWith('..')) throw new Error(`${archive} has an entry outside of itself: ${name}`);
    const method = bytes.readUInt16LE(entry + 10);
    const size = bytes.readUInt32LE(entry + 20);
    const header = bytes.readUInt32LE(entry + 42);
    const start = header + 30 + bytes.readUInt16LE(header + 26) + bytes.readUInt16LE(header + 28);
    const packed = bytes.subarray(start, start + size);
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, method === 0 ? packed : inflateRawSync(packed));
  }
}

const endOfDirectory = Buffer.from([0x50, 0x4b, 0x05, 0x06]);
