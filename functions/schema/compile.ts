import { mergeEvaluated, newEvaluated } from './evaluated.ts';
import { isObject, type JsonObject } from './json.ts';
import { arrayKeywords } from './keywords/arrays.ts';
import { combiningKeywords } from './keywords/combining.ts';
import { objectKeywords } from './keywords/objects.ts';
import { referenceKeywords } from './keywords/references.ts';
import { unevaluatedKeywords } from './keywords/unevaluated.ts';
import { valueKeywords } from './keywords/values.ts';
import { createPatterns, type Patterns } from './pattern.ts';
import { invalid, type Library, type Located } from './resource.ts';
import { type Check, every, fail, type Run, type Site } from './run.ts';

/**
 * Makes the check of one keyword; `undefined` where it demands nothing.
 * @throws TulleError `schema_invalid` when the argument is not what the keyword takes
 */
export type CompileKeyword = (argument: unknown, context: KeywordContext) => Check | undefined;

export interface KeywordTable {
  readonly [keyword: string]: CompileKeyword;
}

export interface KeywordContext {
  readonly keyword: string;
  readonly schema: JsonObject;
  readonly self: Located;
  readonly library: Library;
  readonly site: Site;
  readonly assertFormats: boolean;
  readonly patterns: Patterns;
  /** The check of a schema inside of this one, by its path. */
  readonly compile: (...path: (string | number)[]) => Check | undefined;
  readonly compileAt: (target: Located) => Check | undefined;
  /** The argument is not what the keyword takes. */
  readonly refuse: (message: string, mend: string, place?: string) => Error;
}

/** Schemas inside of schemas, references followed: the stack of every platform has room for these. */
const deepestCompilation = 300;

export function compileLibrary(
  library: Library,
  { assertFormats = false, strict = false }: { readonly assertFormats?: boolean; readonly strict?: boolean } = {},
  start = library.main,
): Check | undefined {
  const tracks = library.uses('unevaluatedItems') || library.uses('unevaluatedProperties');
  const isDynamic = library.uses('$dynamicRef');
  const patterns = createPatterns();
  let depth = 0;
  /** By schema: its check, or the cell that will hold it while it is being compiled. */
  const compiled = new Map<object, { check: Check | undefined; isDone: boolean }>();

  function compileAt(target: Located, around: JsonObject = {}): Check | undefined {
    const { schema } = target;
    if (schema === true) return undefined;
    if (!isObject(schema)) {
      const site: Site = { keyword: 'false', argument: false, schema: around };
      return (_value, run) => fail(run, site);
    }
    const known = compiled.get(schema);
    if (known?.isDone === true) return known.check;
    if (known !== undefined) return (value, run) => known.check === undefined || known.check(value, run);
    const cell = { check: undefined as Check | undefined, isDone: false };
    compiled.set(schema, cell);
    depth += 1;
    if (depth > deepestCompilation) throw invalid(target.place, 'The references form too long a chain.', 'Shorten it.');
    cell.check = enterResource(target, compileObject(schema, target));
    depth -= 1;
    cell.isDone = true;
    return cell.check;
  }

  function compileObject(schema: JsonObject, self: Located): Check | undefined {
    const { refStandsAlone, validates, ignores, name } = self.resource.dialect;
    const foreign = strict ? ignores.find((keyword) => Object.hasOwn(schema, keyword)) : undefined;
    if (foreign !== undefined) {
      throw invalid(`${self.place}/${foreign}`, `${name} has no keyword ${foreign}.`, 'Remove it, or change $schema.');
    }
    const standsAlone = refStandsAlone && Object.hasOwn(schema, '$ref');
    const compileTable = (table: KeywordTable): Check[] => {
      const checks: Check[] = [];
      for (const keyword of Object.keys(table)) {
        if (!Object.hasOwn(schema, keyword) || ignores.includes(keyword)) continue;
        const check = table[keyword]!(schema[keyword], contextOf(keyword, schema, self));
        if (check !== undefined) checks.push(check);
      }
      return checks;
    };
    if (standsAlone) return every(compileTable(referenceKeywords));
    const checks = [
      ...compileTable(referenceKeywords),
      ...(validates ? compileTable(valueKeywords) : []),
      ...compileTable(objectKeywords),
      ...compileTable(arrayKeywords),
      ...compileTable(combiningKeywords),
    ];
    if (!tracks) return every(checks);
    return track(every(checks), every(compileTable(unevaluatedKeywords)));
  }

  function contextOf(keyword: string, schema: JsonObject, self: Located): KeywordContext {
    const place = `${self.place}/${keyword}`;
    return {
      keyword,
      schema,
      self,
      library,
      assertFormats,
      patterns,
      site: { keyword, argument: schema[keyword], schema },
      compile: (...path) => compileAt(library.inside(self, ...path), schema),
      compileAt,
      refuse: (message, mend, below = '') => invalid(place + below, message, mend),
    };
  }

  /** `$dynamicRef` asks which resources were entered on the way. */
  function enterResource({ resource }: Located, check: Check | undefined): Check | undefined {
    if (!isDynamic || check === undefined) return check;
    return (value, run) => {
      const scope = (run.scope ??= []);
      if (scope.at(-1) === resource) return check(value, run);
      scope.push(resource);
      const fits = check(value, run);
      scope.pop();
      return fits;
    };
  }

  return compileAt(start);
}

/** Gathers what the keywords look at, for the `unevaluated…` keywords here and in the schemas around. */
function track(check: Check | undefined, unevaluated: Check | undefined): Check | undefined {
  if (check === undefined && unevaluated === undefined) return undefined;
  return (value: unknown, run: Run) => {
    const outer = run.evaluated;
    if (outer === undefined && unevaluated === undefined) return check === undefined || check(value, run);
    const own = newEvaluated();
    run.evaluated = own;
    // After another fault these would only repeat it.
    const fits = (check === undefined || check(value, run)) && (unevaluated === undefined || unevaluated(value, run));
    run.evaluated = outer;
    if (fits && outer !== undefined) mergeEvaluated(outer, own);
    return fits;
  };
}
