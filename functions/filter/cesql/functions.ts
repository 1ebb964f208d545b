import { fail, maximumInteger, minimumInteger, type Evaluation, type Type, type Value } from './value.ts';

/** A built-in function; the arguments are cast to `parameters` (then `rest`) before `call` sees them. */
export interface CesqlFunction {
  readonly parameters: readonly Type[];
  /** The type of any further arguments, where the function takes any number of them. */
  readonly rest?: Type;
  readonly result: Type;
  /** Absent for INT, BOOL and STRING: they are nothing but the cast of their argument. */
  readonly call?: (args: readonly Value[], evaluation: Evaluation) => Value;
}

/** The overload for this many arguments (spec §3.5), or `undefined`: a MissingFunctionError. */
export function findFunction(name: string, count: number): CesqlFunction | undefined {
  return functions
    .get(name)
    ?.find(({ parameters, rest }) => parameters.length === count || (rest !== undefined && parameters.length <= count));
}

export function functionNames(): readonly string[] {
  return [...functions.keys()];
}

/** Counts text that is read or built, so that an expression cannot multiply a large attribute without end. */
export function useCharacters(text: string, evaluation: Evaluation): string {
  evaluation.charactersLeft -= text.length;
  if (evaluation.charactersLeft >= 0) return text;
  return fail(evaluation, 'functionEvaluation', 'The expression works through more text than it may.', '');
}

const functions: ReadonlyMap<string, readonly CesqlFunction[]> = new Map([
  ['LENGTH', [define(['string'], 'integer', ([text]: [string]) => countCharacters(text))]],
  ['CONCAT', [define([], 'string', (texts: string[], evaluation) => join(texts, '', evaluation), 'string')]],
  [
    'CONCAT_WS',
    [
      define(
        ['string'],
        'string',
        ([delimiter, ...texts]: [string, ...string[]], evaluation) => join(texts, delimiter, evaluation),
        'string',
      ),
    ],
  ],
  ['LOWER', [define(['string'], 'string', ([text]: [string]) => text.toLowerCase())]],
  ['UPPER', [define(['string'], 'string', ([text]: [string]) => text.toUpperCase())]],
  ['TRIM', [define(['string'], 'string', ([text]: [string]) => trim(text))]],
  ['LEFT', [define(['string', 'integer'], 'string', left)]],
  ['RIGHT', [define(['string', 'integer'], 'string', right)]],
  [
    'SUBSTRING',
    [
      define(['string', 'integer'], 'string', ([text, position]: [string, number], evaluation) =>
        substring(text, position, maximumInteger, evaluation),
      ),
      define(
        ['string', 'integer', 'integer'],
        'string',
        ([text, position, length]: [string, number, number], evaluation) =>
          substring(text, position, length, evaluation),
      ),
    ],
  ],
  ['ABS', [define(['integer'], 'integer', absolute)]],
  ['INT', [{ parameters: ['integer'], result: 'integer' }]],
  ['BOOL', [{ parameters: ['boolean'], result: 'boolean' }]],
  ['STRING', [{ parameters: ['string'], result: 'string' }]],
]);

/** `call` names the argument types that `parameters` and `rest` promise; `compileCesql` keeps the promise. */
function define(
  parameters: readonly Type[],
  result: Type,
  call: (args: never, evaluation: Evaluation) => Value,
  rest?: Type,
): CesqlFunction {
  return {
    parameters,
    result,
    call: call as NonNullable<CesqlFunction['call']>,
    ...(rest === undefined ? {} : { rest }),
  };
}

function join(texts: readonly string[], delimiter: string, evaluation: Evaluation): string {
  const length = texts.reduce((sum, text) => sum + text.length, delimiter.length * Math.max(0, texts.length - 1));
  if (length > evaluation.charactersLeft) {
    return fail(evaluation, 'functionEvaluation', 'The expression builds more text than it may.', '');
  }
  return texts.join(delimiter);
}

function countCharacters(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    // The second half of a surrogate pair belongs to the character before it.
    if (text.codePointAt(at)! > 0xff_ff) at += 1;
    count += 1;
  }
  return count;
}

function left([text, count]: [string, number], evaluation: Evaluation): string {
  if (count < 0)
    return fail(evaluation, 'functionEvaluation', 'LEFT was asked for a negative number of characters.', text);
  return count >= text.length ? text : Array.from(text).slice(0, count).join('');
}

function right([text, count]: [string, number], evaluation: Evaluation): string {
  if (count < 0)
    return fail(evaluation, 'functionEvaluation', 'RIGHT was asked for a negative number of characters.', text);
  if (count >= text.length) return text;
  const characters = Array.from(text);
  return characters.slice(Math.max(0, characters.length - count)).join('');
}

function substring(text: string, position: number, length: number, evaluation: Evaluation): string {
  const characters = Array.from(text);
  const outside = position > characters.length || position < -characters.length;
  if (outside || length < 0) {
    const what = outside ? 'starts outside of its text' : 'was asked for a negative length';
    return fail(evaluation, 'functionEvaluation', `SUBSTRING ${what}.`, '');
  }
  if (position === 0) return '';
  const start = position > 0 ? position - 1 : characters.length + position;
  return characters.slice(start, start + length).join('');
}

function absolute([value]: [number], evaluation: Evaluation): number {
  if (value !== minimumInteger) return Math.abs(value);
  return fail(evaluation, 'math', 'The absolute value of -2147483648 does not fit into 32 bits.', maximumInteger);
}

/** Unicode White_Space; `String.prototype.trim` differs at U+0085 and U+FEFF. */
const whiteSpace = /^\p{White_Space}$/u;

function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && whiteSpace.test(text[start]!)) start += 1;
  while (end > start && whiteSpace.test(text[end - 1]!)) end -= 1;
  return text.slice(start, end);
}
