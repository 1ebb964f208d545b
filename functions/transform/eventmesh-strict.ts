import { TulleError } from '../../event/error.ts';
import { parseJsonPath, type JsonPath } from './json-path.ts';
import { splitPlaceholders } from './placeholders.ts';
import { isJson as isValidJson, joinBounded, type Rendered } from './rendered.ts';

/** `values` are JSONPaths and literals by name, `template` has `${name}`. */
export interface EventMeshTemplateSpec {
  readonly values: Readonly<Record<string, string | number | boolean | null>>;
  readonly template: string;
}

/** Fills the template from an event, or any other JSON value. */
export type RenderTemplate = (event: unknown) => Rendered;

/**
 * EventMesh templates as they were meant. Literals are part of the template: they may name other values. What comes
 * from the event is never read as a template and cannot break out of its place: in a template that is a JSON object or
 * array it is a JSON value outside of quotes and escaped inside.
 * @throws TulleError `step_invalid`
 */
export function compileStrictTemplate({ values, template }: EventMeshTemplateSpec): RenderTemplate {
  const paths = new Map<string, JsonPath>();
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string' && /^\$(?:[.[]|$)/.test(value)) paths.set(name, parsePath(name, value));
  }
  const pieces: (string | JsonPath)[] = [];
  expand(template, [], { values, paths, pieces, length: 0 });
  const slots = withQuotes(pieces);
  const isJson = isJsonTemplate(slots);
  const write = isJson ? writeJson : writeText;
  function* fill(event: unknown): Generator<string> {
    for (const slot of slots) yield typeof slot === 'string' ? slot : write(slot.path.evaluate(event), slot.quoted);
  }
  return (event) => ({ kind: isJson ? 'json' : 'text', text: joinBounded(fill(event), '/template') });
}

/** Text, or a place for a value and whether it is in a string, if the whole is JSON. */
type Slot = string | { readonly path: JsonPath; readonly quoted: boolean };

interface Expansion extends Pick<EventMeshTemplateSpec, 'values'> {
  readonly paths: ReadonlyMap<string, JsonPath>;
  readonly pieces: (string | JsonPath)[];
  length: number;
}

/** Literals that name literals double with every level: the whole is bounded. */
const expandedLimit = 65_536;

function expand(template: string, outer: readonly string[], into: Expansion): void {
  for (const piece of splitPlaceholders(template)) {
    if (typeof piece === 'string') {
      add(piece, piece.length, into);
      continue;
    }
    const { name, fallback, source } = piece;
    if (outer.includes(name)) throw invalid(`/values/${name}`, 'The values name each other in a circle', 'Break it.');
    const path = into.paths.get(name);
    if (path) add(path, source.length, into);
    else if (Object.hasOwn(into.values, name)) expand(String(into.values[name]), [...outer, name], into);
    else if (fallback === undefined) add(source, source.length, into);
    else expand(fallback, [...outer, name], into);
  }
}

function add(piece: string | JsonPath, length: number, into: Expansion): void {
  into.length += length + 1;
  if (into.length > expandedLimit) {
    throw invalid(
      '/template',
      `The template and its literals are longer than ${expandedLimit} characters`,
      'Shorten it.',
    );
  }
  into.pieces.push(piece);
}

function withQuotes(pieces: readonly (string | JsonPath)[]): Slot[] {
  let quoted = false;
  return pieces.map((piece) => {
    if (typeof piece !== 'string') return { path: piece, quoted };
    const quotes = piece.match(/\\.|"/gs)?.filter((token) => token === '"').length ?? 0;
    if (quotes % 2 === 1) quoted = !quoted;
    return piece;
  });
}

/** Where both a number and a string can stand, and neither runs into what is beside it, every JSON value can. */
function isJsonTemplate(slots: readonly Slot[]): boolean {
  return ['0', '""'].every((value) => {
    const sample = slots.map((slot) => (typeof slot === 'string' ? slot : slot.quoted ? '' : value)).join('');
    return /^\s*[{[]/.test(sample) && isValidJson(sample);
  });
}

function writeJson(value: unknown, quoted: boolean): string {
  return quoted ? JSON.stringify(writeText(value)).slice(1, -1) : JSON.stringify(value ?? null);
}

/** What is missing is `null`, as in EventMesh. */
function writeText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

function parsePath(name: string, text: string): JsonPath {
  const path = parseJsonPath(text);
  if (path) return path;
  throw invalid(
    `/values/${name}`,
    'The path cannot be read',
    'Write $ and then .name, [0] or [*]: $.data.name. Filters, slices and .. are not supported.',
  );
}

function invalid(place: string, message: string, mend: string): TulleError {
  return new TulleError('step_invalid', message, { place, mend });
}
