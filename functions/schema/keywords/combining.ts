import type { CompileKeyword, KeywordContext, KeywordTable } from '../compile.ts';
import { type Check, every, fail, spend, test } from '../run.ts';

const allOf: CompileKeyword = (_argument, context) => {
  const checks = compileList(context).filter((check) => check !== undefined);
  const check = every(checks);
  if (check === undefined) return undefined;
  return (value, run) => {
    spend(run, checks.length);
    return check(value, run);
  };
};

const anyOf: CompileKeyword = (_argument, context) => {
  const checks = compileList(context);
  return (value, run) => {
    spend(run, checks.length);
    let fits = false;
    for (const check of checks) {
      if (test(check, value, run)) fits = true;
      // All alternatives that fit count for what they look at.
      if (fits && run.evaluated === undefined) return true;
    }
    return fits || fail(run, context.site);
  };
};

const oneOf: CompileKeyword = (_argument, context) => {
  const checks = compileList(context);
  return (value, run) => {
    spend(run, checks.length);
    let fitting = 0;
    for (const check of checks) {
      if (test(check, value, run)) fitting += 1;
      if (fitting > 1) break;
    }
    return fitting === 1 || fail(run, context.site);
  };
};

const not: CompileKeyword = (_argument, { compile, site }) => {
  const check = compile('not');
  return (value, run) => {
    spend(run, 1);
    const { evaluated } = run;
    run.evaluated = undefined;
    const fits = test(check, value, run);
    run.evaluated = evaluated;
    return !fits || fail(run, site);
  };
};

const conditional: CompileKeyword = (_argument, { schema, compile }) => {
  const condition = compile('if');
  const consequence = Object.hasOwn(schema, 'then') ? compile('then') : undefined;
  const alternative = Object.hasOwn(schema, 'else') ? compile('else') : undefined;
  return (value, run) => {
    spend(run, 1);
    const check = test(condition, value, run) ? consequence : alternative;
    return check === undefined || check(value, run);
  };
};

export const combiningKeywords: KeywordTable = { allOf, anyOf, oneOf, not, if: conditional };

function compileList({ schema, keyword, compile, refuse }: KeywordContext): (Check | undefined)[] {
  const list = schema[keyword];
  if (Array.isArray(list) && list.length > 0) return list.map((_item, index) => compile(keyword, index));
  throw refuse(`${keyword} takes an array of schemas.`, 'Put at least one schema into an array.');
}
