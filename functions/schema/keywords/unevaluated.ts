import type { CompileKeyword, KeywordTable } from '../compile.ts';
import { isObject } from '../json.ts';
import { checkInside, fail } from '../run.ts';

const unevaluatedProperties: CompileKeyword = (argument, { compile, keyword, site }) => {
  const check = compile(keyword);
  return (value, run) => {
    const { evaluated } = run;
    if (!isObject(value) || evaluated === undefined) return true;
    let fits = true;
    if (check !== undefined && !evaluated.allMembers) {
      for (const name of Object.keys(value)) {
        if (evaluated.members.has(name)) continue;
        if (argument === false) fits = fail(run, site, name);
        else if (!checkInside(check, value[name], name, run)) fits = false;
        if (!fits && run.faults === undefined) return false;
      }
    }
    evaluated.allMembers = true;
    return fits;
  };
};

const unevaluatedItems: CompileKeyword = (_argument, { compile, keyword }) => {
  const check = compile(keyword);
  return (value, run) => {
    const { evaluated } = run;
    if (!Array.isArray(value) || evaluated === undefined) return true;
    let fits = true;
    if (check !== undefined && !evaluated.allItems) {
      for (let index = evaluated.leading; index < value.length; index += 1) {
        if (evaluated.items.has(index) || checkInside(check, value[index], index, run)) continue;
        fits = false;
        if (run.faults === undefined) return false;
      }
    }
    evaluated.allItems = true;
    return fits;
  };
};

export const unevaluatedKeywords: KeywordTable = { unevaluatedProperties, unevaluatedItems };
