import { TulleError } from '../../event/error.ts';
import type { StepContext } from './define-transformer.ts';
import type { Budget } from './jsonata-budget.ts';

/** A scope of the library's evaluation; the base one belongs to one evaluation. */
export interface Frame {
  timestamp: Date;
  RegexEngine: unknown;
  bind(name: string, value: unknown): void;
  lookup(name: string): unknown;
}

/**
 * Puts the library's own functions behind the budget for one evaluation: those that the expression names, and
 * `clone`, which the transform operator uses unnamed. They go through their arguments as a whole, so that is paid
 * before; what grows faster than its arguments is estimated before.
 */
export function boundFunctions(base: Frame, names: ReadonlySet<string>, budget: Budget, context: StepContext): void {
  base.timestamp = new Date(context.now);
  for (const name of ['clone', ...names]) {
    const native = base.lookup(name) as Native | undefined;
    if (native?._jsonata_function !== true) continue;
    const run = replacement(name, base, context) ?? native.implementation;
    const bounded = function (this: unknown, ...args: unknown[]): unknown {
      budget.pay(args);
      estimate(name, args, budget);
      const result = run.apply(this, args);
      if (name === 'clone') budget.changes(result);
      else if (!(result instanceof Promise)) budget.result(result, false);
      return result;
    };
    // The library asks a function for its parameters by its length ($reduce) and by its source ($substring(?, 1)).
    Object.defineProperty(bounded, 'length', { value: native.implementation.length });
    bounded.toString = () => native.implementation.toString();
    base.bind(name, { ...native, implementation: bounded });
  }
}

interface Native {
  readonly _jsonata_function: true;
  readonly implementation: (this: unknown, ...args: readonly unknown[]) => unknown;
}

/** What the library would take from the platform's clock and chance. */
function replacement(name: string, base: Frame, { now, random }: StepContext): Native['implementation'] | undefined {
  if (name === 'millis') return () => now;
  if (name === 'random') return random;
  if (name === 'shuffle') return (array) => (Array.isArray(array) ? shuffle(array, random) : array);
  if (name === 'pad') return (text, width, fill) => pad(text, Number(width), fill);
  if (name !== 'now') return undefined;
  const format = (base.lookup('fromMillis') as Native).implementation;
  return function formatNow(this: unknown, picture, timezone) {
    return format.call(this, now, picture, timezone);
  };
}

function estimate(name: string, args: readonly unknown[], budget: Budget): void {
  const [first, second, third] = args;
  switch (name) {
    case 'pad':
      budget.text(Math.abs(Number(second)));
      return;
    case 'join':
      if (Array.isArray(first)) budget.text(first.length * textLength(second));
      return;
    case 'replace':
      if (typeof first === 'string' && typeof third === 'string') budget.text(replacedLength(first, second, third));
      return;
    case 'distinct':
    case 'sort':
      // Every pair, in the worst case.
      if (Array.isArray(first)) budget.work((first.length * first.length) / 16);
      return;
    case 'now':
    case 'formatNumber':
    case 'formatInteger':
    case 'parseInteger':
    case 'fromMillis':
    case 'toMillis':
      checkPicture(name, name === 'now' ? first : second);
      return;
    default:
  }
}

function replacedLength(text: string, pattern: unknown, replacement: string): number {
  if (pattern === '') return 0;
  if (typeof pattern === 'string') return (text.split(pattern).length - 1) * replacement.length;
  // How often a regex matches, and how much `$1` stands for, is not known before: at most as much as there is text.
  // That is mostly far too much, so that a sixteenth of it is held against the limit.
  const copies = replacement.split('$').length - 1;
  return (text.length * (replacement.length + copies)) / 16;
}

function textLength(value: unknown): number {
  return typeof value === 'string' ? value.length : 0;
}

// The library makes a regex of a date picture for `$toMillis`: two parts that both take any count of the same
// characters side by side make it take forever. Widths pad without bound.
function checkPicture(name: string, picture: unknown): void {
  if (typeof picture !== 'string') return;
  const bare = picture.replaceAll(/\s/g, '');
  const wide = /\[[^\]]*,[^\]]*\d{3}/.test(bare);
  if (picture.length > 256 || wide || (name === 'toMillis' && isAmbiguous(bare))) {
    throw new TulleError('step_failed', `The picture of $${name} is too long or ambiguous`, {
      mend: 'Use a shorter picture, widths below 100, and separators between the parts of a date.',
    });
  }
}

function isAmbiguous(picture: string): boolean {
  // Words, letters and Roman numerals take letters in any order; digits between parts could belong to either.
  if (/\[[^\]]*[wWiIaA][^\]]*\]|\]\d+\[/.test(picture)) return true;
  // `[M01]` before another part takes just so many digits.
  return picture.replaceAll(/\[[A-Za-z]0\d+\](?=\[)/g, '').includes('][');
}

function pad(text: unknown, width: number, fill: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  const characters = typeof fill === 'string' && fill !== '' ? Array.from(fill) : [' '];
  const missing = Math.max(0, Math.abs(width) - Array.from(text).length);
  const padding = Array.from({ length: missing }, (_, index) => characters[index % characters.length]).join('');
  return width < 0 ? padding + text : text + padding;
}

function shuffle(array: readonly unknown[], random: () => number): unknown[] {
  const result = [...array];
  for (let i = result.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}
