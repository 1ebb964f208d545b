/** Breaks a text at its spaces into lines of at most `width` signs; a longer word stands on a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Two columns, the right one wrapped into what is left of the terminal. */
export function toColumns(rows: readonly (readonly [string, string])[], columns: number): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  const room = Math.max(narrowest, columns - width - 4);
  return rows.flatMap(([left, right]) =>
    wrap(right, room).map((line, at) => `  ${(at === 0 ? left : '').padEnd(width)}  ${line}`.trimEnd()),
  );
}

/** Where help is read: a terminal's columns, and no more than are comfortable to read. */
export function helpColumns(stream: NodeJS.WriteStream = process.stdout): number {
  return Math.min((stream.isTTY && stream.columns) || widest, widest);
}

const narrowest = 24;
const widest = 110;
