import type { CompileKeyword, KeywordTable } from '../compile.ts';
import { type Check, deepestReference, OutOfFuel, type Run, spend } from '../run.ts';
import type { Located, Resource } from '../resource.ts';

const ref: CompileKeyword = (argument, { self, library, compileAt, refuse }) => {
  if (typeof argument !== 'string') throw refuse('A reference is a string.', 'Write it as in #/$defs/address.');
  return follow(compileAt(library.resolve(argument, self, `${self.place}/$ref`)));
};

/** Core, 8.2.3.2: the outermost resource on the way here that has the anchor decides. */
const dynamicRef: CompileKeyword = (argument, { self, library, compileAt, refuse }) => {
  if (typeof argument !== 'string') throw refuse('A reference is a string.', 'Write it as in #node.');
  const first = library.resolve(argument, self, `${self.place}/$dynamicRef`);
  const anchor = argument.slice(argument.indexOf('#') + 1);
  const initial = follow(compileAt(first));
  if (first.resource.dynamicAnchors.get(anchor)?.schema !== first.schema) return initial;
  const targets = new Map<Resource, Check | undefined>();
  const targetOf = (resource: Resource, found: Located): Check | undefined => {
    if (!targets.has(resource)) targets.set(resource, follow(compileAt(found)));
    return targets.get(resource);
  };
  return (value, run) => {
    for (const resource of (run.scope ?? []) as Resource[]) {
      const found = resource.dynamicAnchors.get(anchor);
      if (found === undefined) continue;
      const check = targetOf(resource, found);
      return check === undefined || check(value, run);
    }
    return initial === undefined || initial(value, run);
  };
};

export const referenceKeywords: KeywordTable = { $ref: ref, $dynamicRef: dynamicRef };

function follow(check: Check | undefined): Check | undefined {
  if (check === undefined) return undefined;
  return (value: unknown, run: Run) => {
    spend(run, 1);
    run.depth += 1;
    if (run.depth > deepestReference) throw new OutOfFuel();
    const fits = check(value, run);
    run.depth -= 1;
    return fits;
  };
}
