import { type Progress, createProgress } from './progress.ts';
import { toTable } from './table.ts';

/** What is shown of a row, by the title of its column. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => string | number | boolean | undefined>>;

/** Data goes to the standard output; everything that is said about it to the standard error. */
export interface Output {
  readonly json: boolean;
  /** A list: with `--json` one array. A table on a terminal, elsewhere a line a row with tabs between the columns. */
  list<Row>(rows: readonly Row[], columns: Columns<Row>): void;
  /** One of many that come one after the other: with `--json` one line each. */
  item<Row>(row: Row, columns: Columns<Row>): void;
  /** One document: JSON with `--json`, and else what `text` makes of it. */
  document(value: unknown, text: () => string): void;
  readonly note: (text: string) => void;
  progress(): Progress;
}

export function createOutput({ json }: { readonly json: boolean }): Output {
  const { stdout, stderr } = process;
  const write = (text: string): void => void stdout.write(`${text}\n`);

  return {
    json,
    list(rows, columns) {
      if (json) return write(JSON.stringify(rows, null, 2));
      const lines = rows.map((row) => toCells(row, columns));
      const isTable = stdout.isTTY;
      if (!isTable) {
        for (const line of lines) write(line.join('\t'));
        return undefined;
      }
      if (lines.length === 0) return void stderr.write('Nothing is there.\n');
      for (const line of toTable(Object.keys(columns), lines, { width: stdout.columns || 80, stream: stdout }))
        write(line);
    },
    item(row, columns) {
      write(json ? JSON.stringify(row) : toCells(row, columns).join(stdout.isTTY ? '  ' : '\t'));
    },
    document(value, text) {
      write(json ? JSON.stringify(value, null, 2) : text());
    },
    note(text) {
      stderr.write(`${text}\n`);
    },
    progress: () => createProgress(stderr),
  };
}

function toCells<Row>(row: Row, columns: Columns<Row>): string[] {
  return Object.values(columns).map((read) => printable(String(read(row) ?? '')));
}

/** Events are written by strangers: what would move a terminal's cursor or start a line is shown as a sign. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\u{FFFD}');
}

/** A time of the API, in milliseconds since 1970. */
export function timeText(at: number | undefined): string {
  return at === undefined ? '' : new Date(at).toISOString();
}
