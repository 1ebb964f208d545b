import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import { describeValue } from './outcome.ts';

export interface Answer {
  /** The value as a text, or the code of the error; `undefined` where it fails in a way that the language does not name. */
  readonly outcome: string | undefined;
  /** Expressions never change their input, but transformations of the package can reach it. */
  readonly hasChangedInput: boolean;
}

/** What the `jsonata` package answers; only what would keep it busy for ever is mended. */
export async function answerOfPackage(text: string, input: unknown): Promise<Answer> {
  return answer((original ??= mend(endless)), text, input);
}

/** What it answers when the faults below are mended. */
export async function answerOfMended(text: string, input: unknown): Promise<Answer> {
  return answer((mended ??= mend([...endless, ...faults])), text, input);
}

type Library = (text: string, options: object) => { evaluate(input: unknown): Promise<unknown> };

async function answer(evaluator: Library, text: string, input: unknown): Promise<Answer> {
  const given = structuredClone(input);
  let outcome: string | undefined;
  try {
    outcome = describeValue(await evaluator(text, { stack: 500, sequence: 100_000 }).evaluate(given));
  } catch (error) {
    const { code } = error as { code?: unknown };
    outcome = typeof code === 'string' ? code : undefined;
  }
  return { outcome, hasChangedInput: hasChanged(input, given) };
}

function hasChanged(before: unknown, after: unknown): boolean {
  try {
    return describeValue(before) !== describeValue(after);
  } catch {
    // It was put into itself.
    return true;
  }
}

let original: Library | undefined;
let mended: Library | undefined;

interface Fault {
  readonly what: string;
  /** Pieces of the package's source, and what is put in their place. */
  readonly edits: readonly (readonly [piece: string, replacement: string])[];
}

const endless: readonly Fault[] = [
  {
    what: 'Regular expressions and signatures to the left of ?: and ?? are copied as JSON; without its flags, one can match for ever',
    edits: [['JSON.parse(JSON.stringify(left))', 'copyOf(left)']],
  },
  {
    what: 'A range counts up to its end, which it does not reach beyond 2^53',
    edits: [['item <= rhs; item++', 'index < size; item++']],
  },
];

/** Where the package does what neither the language nor its author can mean. Nothing else is left out of the comparison. */
const faults: readonly Fault[] = [
  {
    what: 'An object constructor on an empty array adds a value to that array, which others hold too',
    edits: [['input.push(undefined);', 'input = [undefined];']],
  },
  {
    what: 'The parts of a constructor are evaluated at the same time: of two errors the one wins that took fewer turns',
    edits: [
      ['.map(async (item, idx) => {', '.map((item, idx) => async () => {'],
      ['.map(async (key, idx) => {', '.map((key, idx) => async () => {'],
      ['Promise.all(', 'oneAfterAnother('],
    ],
  },
  {
    what: 'The first value of a group of tuples takes the context away from those after it',
    edits: [["delete tuple['@'];", "tuple = { ...tuple };\ndelete tuple['@'];"]],
  },
  {
    what: 'Built-in functions are objects that $spread takes apart, and that transformations take for an update',
    edits: [
      [
        "typeof arg === 'object' && !isLambda(arg)",
        "typeof arg === 'object' && !isLambda(arg) && !arg._jsonata_function",
      ],
      ["if(updateType !== 'object' || ", "if(updateType !== 'object' || isFunction(update) || isLambda(update) || "],
    ],
  },
  {
    what: 'A wildcard finds the mark in a sequence, as if it were a value',
    edits: [
      [
        'function evaluateWildcard(expr, input, environment) {',
        'function evaluateWildcard(expr, input, environment) {\nif (input && input.sequence && !input.outerWrapper) input = [...input];',
      ],
    ],
  },
  {
    what: 'A number may have anything behind its hexadecimal digits, and is none then',
    edits: [['result = Number(arg);', "result = Number(arg);\nif (isNaN(result)) throw { code: 'D3030' };"]],
  },
  {
    what: 'Characters that are no base64 end it, depending on how Node keeps the text',
    edits: [["global.Buffer.from(str, 'base64')", "global.Buffer.from(str.replace(/[^\\w+/=-]/g, ''), 'base64')"]],
  },
  {
    what: 'The JavaScript source of a function replaces a text in $replace',
    edits: [
      [
        'result += replacement;',
        "if (typeof replacement !== 'string') throw { code: 'D3012' };\nresult += replacement;",
      ],
    ],
  },
  {
    what: 'A regular expression finds something in what JavaScript writes for null, arrays, objects and functions',
    edits: [
      [
        'var match = re.exec(str);',
        'if (str === null || !/^[sbn]/.test(typeof str)) return;\nvar match = re.exec(str);',
      ],
    ],
  },
  {
    what: 'A function that is applied partially does not check its arguments, and $string cannot be',
    edits: [
      [
        'definition.signature = parseSignature(signature);',
        'func.signature = definition.signature = parseSignature(signature);',
      ],
      [
        'var partial = partialApplyProcedure(bodyAST, args, environment);',
        'var partial = partialApplyProcedure(bodyAST, args, environment);\npartial.given = args.length;',
      ],
      ['applyNativeFunction(proc.body, env)', 'applyNativeFunction(proc.body, env, proc.given)'],
      ['async function applyNativeFunction(proc, env) {', 'async function applyNativeFunction(proc, env, given) {'],
      [
        'var result = proc.apply(focus, args);',
        'if (proc.signature) args = proc.signature.validate(args.slice(0, given), null);\nvar result = proc.apply(focus, args);',
      ],
      [
        "var sigArgs = sigParens.split(',');",
        "var sigArgs = sigParens.split(',').filter((one) => !one.includes('='));",
      ],
      [
        'arguments: unboundArgs,',
        `arguments: unboundArgs,
        checks: proc.signature && { validate: proc.signature.validate, names: proc.arguments, given: args.length },`,
      ],
      [
        "if (typeof proc.body === 'function') {",
        `if (proc.checks) {
          const { names, validate, given } = proc.checks;
          const values = names.slice(0, given).map(({ value }) => env.lookup(value));
          validate(values, null).forEach((one, index) => index < names.length && env.bind(names[index].value, one));
        }
        if (typeof proc.body === 'function') {`,
      ],
    ],
  },
  {
    what: 'A zone such as -0530 is half an hour further west, an hour too far',
    edits: [['offsetHours = Math.floor(offset / 100);', 'offsetHours = Math.trunc(offset / 100);']],
  },
  {
    what: 'Times and integers that are out of range are written as NaN or as nothing',
    edits: [
      [
        'const dateTime = new Date(millis + offsetMillis);',
        "const dateTime = new Date(millis + offsetMillis);\nif (isNaN(dateTime)) throw { code: 'D3110' };",
      ],
      [
        'value = Math.floor(value);\n\n        const format',
        "value = Math.floor(value);\nif (!isFinite(value)) throw { code: 'D3001' };\nconst format",
      ],
    ],
  },
];

function mend(list: readonly Fault[]): Library {
  let source = readFileSync(createRequire(import.meta.url).resolve('jsonata'), 'utf8');
  for (const [piece, replacement] of list.flatMap(({ edits }) => edits)) {
    if (!source.includes(piece)) throw new Error(`The package has changed: there is no ${piece}`);
    source = source.replaceAll(piece, replacement);
  }
  const helpers = { oneAfterAnother, copyOf };
  const module = { exports: {} };
  const run = compileFunction(source, ['module', 'exports', ...Object.keys(helpers)]);
  run(module, module.exports, ...Object.values(helpers));
  return module.exports as Library;
}

async function oneAfterAnother(makers: readonly (() => Promise<unknown>)[]): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const make of makers) results.push(await make());
  return results;
}

function copyOf(node: unknown): unknown {
  if (typeof node !== 'object' || node === null || node instanceof RegExp) return node;
  if (Array.isArray(node)) return node.map(copyOf);
  return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, copyOf(child)]));
}
