import { FuelExhausted, JsonataError } from './error.ts';
import type { Run } from './run.ts';
import type { Sequence } from './sequence.ts';

/**
 * A value as text, the way `$string` and `&` have it: texts as they are, functions as nothing, the rest as JSON with
 * numbers rounded to 15 digits. The text is paid for while it grows, since a value that is held in many places is
 * written as often.
 */
export function toText(value: unknown, run: Run, indent = ''): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'function') return '';
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new JsonataError('D3001', 'A number that is infinite or not a number has no text');
  }
  const input = Array.isArray(value) && (value as Sequence).wrapper === true ? value[0] : value;
  const pieces: string[] = [];
  let length = 0;
  write(input, 0);
  return pieces.join('');

  function put(piece: string): void {
    length += piece.length;
    if (length > run.limits.text) run.textOf(length);
    pieces.push(piece);
  }

  function write(item: unknown, depth: number): void {
    run.spend(1);
    if (typeof item === 'string') put(JSON.stringify(run.text(item)));
    else if (typeof item === 'number') put(numberText(item));
    else if (typeof item === 'function') put('""');
    else if (typeof item !== 'object' || item === null) put(JSON.stringify(item ?? null));
    else writeContainer(item, depth);
  }

  function writeContainer(container: object, depth: number): void {
    if (depth > maxDepth) throw new FuelExhausted(`A value is nested deeper than ${maxDepth} levels.`);
    const isArray = Array.isArray(container);
    let count = 0;
    const begin = (): void => {
      if (count > 0) put(',');
      if (indent !== '') put(`\n${indent.repeat(depth + 1)}`);
      count += 1;
    };
    put(isArray ? '[' : '{');
    if (isArray) {
      for (const item of container) {
        begin();
        write(item, depth + 1);
      }
    } else {
      for (const [name, item] of Object.entries(container)) {
        if (item === undefined) continue;
        begin();
        put(`${JSON.stringify(name)}${indent === '' ? ':' : ': '}`);
        write(item, depth + 1);
      }
    }
    if (indent !== '' && count > 0) put(`\n${indent.repeat(depth)}`);
    put(isArray ? ']' : '}');
  }
}

const maxDepth = 500;

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'null';
  if (!Number.isFinite(value)) throw new JsonataError('D1001', 'A number is out of range');
  return JSON.stringify(Number.isInteger(value) ? value : Number(value.toPrecision(15)));
}
