import { canonicalText } from '../json.ts';
import { type JsonSchema, readLibrary } from '../resource.ts';
import { type Change, undecided } from './change.ts';
import { compareLibraries } from './within.ts';

/** What a new version of a schema owes to the one before it. */
export type Compatibility = 'none' | 'backward' | 'forward' | 'full';

export interface Incompatibility extends Change {
  /** `backward`: data of the version before may not fit the new one. `forward`: data of the new one may not fit it. */
  readonly direction: 'backward' | 'forward';
}

/**
 * Why a new version of a schema may not follow the version before it; empty when it may. The rules err on the safe
 * side: what they let through keeps the promise, what they cannot decide they refuse, saying so.
 * `format` and other annotations do not count. Both schemas must compile.
 */
export function findIncompatibilities(before: JsonSchema, after: JsonSchema, mode: Compatibility): Incompatibility[] {
  const found: Incompatibility[] = [];
  if (mode === 'none' || canonicalText(before) === canonicalText(after)) return found;
  for (const direction of ['backward', 'forward'] as const) {
    if (mode !== 'full' && mode !== direction) continue;
    const [narrow, wide] = direction === 'backward' ? [before, after] : [after, before];
    const change = findChange(narrow, wide);
    if (change !== undefined) found.push({ direction, ...change });
  }
  return found;
}

/** Whether everything that fits `narrow` fits `wide`; if not, why. */
function findChange(narrow: JsonSchema, wide: JsonSchema): Change | undefined {
  const [left, right] = [readLibrary(narrow, noDocuments), readLibrary(wide, noDocuments)];
  if (left.main.resource.dialect.name !== right.main.resource.dialect.name) {
    return undecided('/$schema', 'Schemas of different dialects cannot be compared.');
  }
  return compareLibraries(left, right).within([left.main], right.main, '');
}

const noDocuments: ReadonlyMap<string, JsonSchema> = new Map();
