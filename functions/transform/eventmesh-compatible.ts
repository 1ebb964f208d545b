import { TulleError } from '../../event/error.ts';
import type { EventMeshTemplateSpec, RenderTemplate } from './eventmesh-strict.ts';
import { numberText } from './exact-numbers.ts';
import { parseJsonPath } from './json-path.ts';
import { isObject } from './json-value.ts';
import { splitPlaceholders } from './placeholders.ts';
import { isJson, joinBounded } from './rendered.ts';

/**
 * EventMesh templates with the answers of EventMesh 1.12, oddities included: what comes from the event is put in as it
 * is, objects as Java prints them, and read as a template again; a path that is not definite is a literal.
 * Never throws: what EventMesh fails on, it fails on with each event.
 */
export function compileCompatibleTemplate({ values, template }: EventMeshTemplateSpec): RenderTemplate {
  const readers = new Map(Object.entries(values).map(([name, value]) => [name, readerOf(String(value))]));
  return (event) => {
    const texts = new Map<string, string>();
    const work: Work = {
      left: substitutionsLimit,
      textOf(name) {
        const text = texts.get(name) ?? readers.get(name)?.(event);
        if (text !== undefined) texts.set(name, text);
        return text;
      },
    };
    const text = joinBounded(substitute(template, [], work), '/template');
    return { kind: /^\s*[{[]/.test(text) && isJson(text) ? 'json' : 'text', text };
  };
}

interface Work {
  left: number;
  readonly textOf: (name: string) => string | undefined;
}

/** Values that name each other could otherwise double with every level. */
const substitutionsLimit = 10_000;

function* substitute(template: string, outer: readonly string[], work: Work): Generator<string> {
  for (const piece of splitPlaceholders(template)) {
    if (typeof piece === 'string') {
      yield piece;
      continue;
    }
    const { name, fallback, source } = piece;
    if (outer.includes(name)) throw failure('The values name each other in a circle');
    work.left -= 1;
    if (work.left < 0) throw failure(`There are more than ${substitutionsLimit} placeholders`);
    const text = work.textOf(name) ?? fallback;
    if (text === undefined) yield source;
    else yield* substitute(text, [...outer, name], work);
  }
}

function readerOf(value: string): (event: unknown) => string {
  const path = parseJsonPath(value);
  return path?.definite ? (event) => javaText(path.evaluate(event) ?? null) : () => value;
}

/** What Java's `toString` makes of it: `{a=1, b=[x, y]}`. */
function javaText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(javaText).join(', ')}]`;
  if (typeof value === 'number') return javaNumber(String(value));
  const number = numberText(value);
  if (number !== undefined) return javaNumber(number);
  if (!isObject(value)) return String(value);
  return `{${Object.entries(value)
    .map(([name, member]) => `${name}=${javaText(member)}`)
    .join(', ')}}`;
}

/** Jackson reads numbers with a fraction or an exponent as doubles, the others digit by digit. */
function javaNumber(text: string): string {
  if (!/[.eE]/.test(text)) return text;
  const value = Number(text);
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-3 && size < 1e7)) return Number.isInteger(value) ? `${value}.0` : String(value);
  if (!Number.isFinite(value)) return String(value);
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  return `${digits.includes('.') ? digits : `${digits}.0`}E${exponent.replace('+', '')}`;
}

function failure(message: string): TulleError {
  return new TulleError('step_failed', message, {
    place: '/values',
    mend: 'Use mode strict, in which nothing from the event is read as a template.',
  });
}
