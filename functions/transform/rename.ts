import { isJsonMediaType } from '../../event/attribute-formats.ts';
import { TulleError } from '../../event/error.ts';
import { changeAt } from './change-at.ts';
import { type CloudEventObject, defineTransformer } from './define-transformer.ts';
import { isObject, type JsonObject, memberOf, newObject, setMember } from './json-value.ts';
import { readPath } from './path-spec.ts';
import { anyDepth, type Path, type Segment } from './path.ts';

/** From where to where: `{ "data.mail": "data.email" }`. */
export type RenameSpec = Readonly<Record<string, string>>;

/**
 * Gives values other names or places. Everything is taken before anything is put, so that two names can be swapped; what
 * was at the new place before is replaced. A path that leads nowhere is no fault.
 */
export const rename = defineTransformer<RenameSpec>({
  kind: 'rename',
  description: 'Gives values other names or places, such as { data.items[*].qty: data.items[*].quantity }',
  schema: {
    type: 'object',
    minProperties: 1,
    maxProperties: 100,
    propertyNames: { minLength: 1, maxLength: 256 },
    additionalProperties: { type: 'string', minLength: 1, maxLength: 256 },
  },
  writtenNumbers: true,
  compile(spec) {
    const moves = Object.entries(spec).map(([from, to]) => compileMove(from, to));
    checkTargets(Object.entries(spec));
    return (event) => {
      const taken: Taken[] = moves.flatMap((move) => takeAll(event, move));
      for (const { holder, names, value, place } of taken) put(holder, names, value, place);
      return withContentType(event);
    };
  },
});

interface Move {
  /** Both ways begin with these. */
  readonly common: readonly Segment[];
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly place: string;
}

interface Taken {
  readonly holder: JsonObject;
  readonly names: readonly string[];
  readonly value: unknown;
  readonly place: string;
}

function compileMove(fromText: string, toText: string): Move {
  const place = `/${fromText.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const from = readPath(fromText, place);
  const to = readPath(toText, place);
  if (from.length === 1) checkFrom(from, place);
  if (to.length === 1) checkTo(to, place);
  let length = 0;
  while (length < Math.min(from.length, to.length) - 1 && from[length] === to[length]) length += 1;
  const common = from.slice(0, length);
  if (common.includes(anyDepth)) throw unclear(place);
  return { common, from: onlyNames(from.slice(length), place), to: onlyNames(to.slice(length), place), place };
}

function onlyNames(segments: readonly Segment[], place: string): string[] {
  return segments.map((segment) => {
    if (typeof segment !== 'string') throw unclear(place);
    return segment;
  });
}

function takeAll(event: CloudEventObject, { common, from, to, place }: Move): Taken[] {
  const taken: Taken[] = [];
  const takeFrom = (holder: unknown): unknown => {
    // Names go through arrays.
    if (Array.isArray(holder)) holder.forEach(takeFrom);
    else if (isObject(holder)) {
      const value = take(holder, from);
      if (value !== undefined) taken.push({ holder, names: to, value, place });
    }
    return holder;
  };
  changeAt(event, common, takeFrom);
  return taken;
}

function take(holder: JsonObject, names: readonly string[]): unknown {
  let inner = holder;
  for (const name of names.slice(0, -1)) {
    const member = memberOf(inner, name);
    if (!isObject(member)) return undefined;
    inner = member;
  }
  const last = names.at(-1) ?? '';
  const value = memberOf(inner, last);
  Reflect.deleteProperty(inner, last);
  return value;
}

function put(holder: JsonObject, names: readonly string[], value: unknown, place: string): void {
  let inner = holder;
  for (const name of names.slice(0, -1)) {
    const member = memberOf(inner, name) ?? newObject();
    if (!isObject(member)) {
      throw new TulleError('step_failed', 'On the way to the new place is a value that takes no members', {
        place,
        mend: 'Choose a place in an object, or rename or omit the other value.',
      });
    }
    setMember(inner, name, member);
    inner = member;
  }
  setMember(inner, names.at(-1) ?? '', value);
}

/** Text that became a member of JSON is JSON now. */
function withContentType(event: CloudEventObject): CloudEventObject {
  const type = event['datacontenttype'];
  if (isObject(event['data']) && typeof type === 'string' && !isJsonMediaType(type)) {
    event['datacontenttype'] = 'application/json';
  }
  return event;
}

function checkFrom([name]: Path, place: string): void {
  if (['specversion', 'id', 'source', 'type'].includes(name)) {
    throw invalid(`${name} is required`, place, 'Copy it with a transform step.');
  }
  checkAttribute(name, place);
}

function checkTo([name]: Path, place: string): void {
  if (name === 'specversion') throw invalid('specversion is always 1.0', place, 'Choose another name.');
  checkAttribute(name, place);
}

function checkAttribute(name: string, place: string): void {
  if (/^[a-z\d]{1,64}$/.test(name)) return;
  const mend = 'Start the path with data or with an attribute: lower-case letters and digits.';
  throw invalid(`${JSON.stringify(name)} is not the name of an attribute`, place, mend);
}

function checkTargets(entries: readonly (readonly [string, string])[]): void {
  const seen = new Set<string>();
  for (const [from, to] of entries) {
    if (seen.has(to)) throw invalid('Two values would have one place', `/${from}`, 'Choose another for one of them.');
    seen.add(to);
  }
}

function unclear(place: string): TulleError {
  return invalid(
    'The two paths differ in more than names',
    place,
    'Let both begin alike, with all that is no name: data.items[*].qty to data.items[*].quantity.',
  );
}

function invalid(message: string, place: string, mend: string): TulleError {
  return new TulleError('step_invalid', message, { place, mend });
}
