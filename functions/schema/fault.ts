import { escapePointer } from './json.ts';
import type { RawFault } from './run.ts';

/** What is wrong with a value, for whoever sent it. Values of the event are never in it, names of members are. */
export interface Fault {
  /** JSON Pointer within the value. */
  readonly place: string;
  readonly keyword: string;
  readonly detail: string;
  readonly mend?: string;
}

export function toFault({ site, path, member }: RawFault): Fault {
  const place = [...path, ...(member === undefined ? [] : [member])]
    .map((s) => `/${escapePointer(String(s))}`)
    .join('');
  return { place, keyword: site.keyword, detail: `${site.keyword}` };
}
