import { compileRegex, RegexError, type Regex } from '../regex/regex.ts';
import { callable, type Callable } from './callable.ts';
import { JsonataError } from './error.ts';
import type { Compile, Evaluator } from './evaluator.ts';
import type { Run } from './run.ts';
import type { Ast } from './syntax.ts';
import { newObject } from './values.ts';

/** `/pattern/flags`: a function from a text to its first match, which leads on to the next one. */
export function compileRegexLiteral({ value, position }: Ast & { type: 'regex' }, compile: Compile): Evaluator {
  const regex = compileOrRefuse(value.source, value.flags, position);
  compile.addRegex(regex.size, position);
  return (_, { run }) => {
    const matcher: Callable = callable(2, ([text, from]) => {
      const isScalar = typeof text === 'string' || typeof text === 'number' || typeof text === 'boolean';
      return isScalar ? find(regex, String(text), typeof from === 'number' ? from : 0, run, position) : undefined;
    });
    return matcher;
  };
}

function compileOrRefuse(source: string, flags: string, position: number | undefined): Regex {
  try {
    return compileRegex(source, flags);
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    throw new JsonataError('S0303', error.message, position);
  }
}

function find(regex: Regex, text: string, from: number, run: Run, position: number | undefined): unknown {
  const found = regex.exec(text, from, (steps) => run.spend(1 + (steps >> 2)));
  if (found === undefined) return undefined;
  const match = newObject();
  match['match'] = run.text(found.text);
  match['start'] = found.start;
  match['end'] = found.end;
  match['groups'] = [...found.groups];
  match['next'] = callable(0, () => {
    if (found.end >= text.length) return undefined;
    const next = find(regex, text, found.end, run, position);
    if (next !== undefined && (next as { match: string }).match === '') {
      throw new JsonataError('D1004', 'The regular expression matches a text of no length', position);
    }
    return next;
  });
  return match;
}
