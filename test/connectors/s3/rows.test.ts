import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFields } from '../../../connectors/s3/csv.ts';
import { type Row, rowBytes, splitRows } from '../../../connectors/s3/rows.ts';

async function split(
  bytes: Uint8Array,
  sizes: readonly number[],
  options: { delimiter?: string; offset?: number } = {},
) {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    let at = 0;
    for (let index = 0; at < bytes.length; index += 1) {
      const size = sizes[index % sizes.length] ?? 1;
      yield bytes.subarray(at, at + size);
      at += size;
    }
  }
  const rows: Row[] = [];
  for await (const row of splitRows(chunks(), { offset: 0, ...options })) rows.push(row);
  return rows;
}

const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('rows', () => {
  it('are the lines of a text, wherever its chunks end', async () => {
    const line = fc.string({ unit: 'binary' }).map((text) => text.replaceAll(/[\r\n\ufeff]/g, ''));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.constantFrom('\n', '\r\n'), sizes, async (lines, end, parts) => {
        const rows = await split(encode(lines.map((one) => one + end).join('')), parts);
        expect(rows.map(({ text }) => text)).toEqual(lines);
      }),
    );
  });

  it('are those of a CSV that has anything in its fields', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\r\n', '\n', 'é', ' ') });
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 });
    const write = (text: string, isQuoted: boolean): string =>
      isQuoted || /[",;\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    await fc.assert(
      fc.asyncProperty(table, fc.boolean(), fc.constantFrom(',', ';'), sizes, async (rows, isQuoted, by, parts) => {
        const text = rows.map((row) => row.map((one) => write(one, isQuoted)).join(by)).join('\r\n');
        const found = await split(encode(text), parts, { delimiter: by });
        expect(found.map((row) => readFields(row.text ?? '', by))).toEqual(rows);
      }),
    );
  });

  it('go on at the byte where another one ended', async () => {
    const bytes = encode('é,"1\n2"\nb\n"c"');
    const all = await split(bytes, [3], { delimiter: ',' });
    expect(all.map(({ text }) => text)).toEqual(['é,"1\n2"', 'b', '"c"']);
    for (const { start } of all) {
      const rest = await split(bytes.subarray(start), [2], { delimiter: ',', offset: start });
      expect(rest).toEqual(all.filter((row) => row.start >= start));
    }
  });

  it('have no text where they are too long or no UTF-8, and others go on', async () => {
    const bytes = Buffer.concat([
      Buffer.alloc(rowBytes + 1, 'x'),
      Buffer.from('\na\n'),
      Buffer.from([0xff, 0x0a, 0x62]),
    ]);
    const rows = await split(bytes, [60_000]);
    expect(rows.map(({ text }) => text)).toEqual([undefined, 'a', undefined, 'b']);
  });

  it.each(['a"b', '"a', '"a"b', '"a""'])('have no fields where their quotes are wrong: %s', (row) => {
    expect(readFields(row, ',')).toBeUndefined();
  });
});
