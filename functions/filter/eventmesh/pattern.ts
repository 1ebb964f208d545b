import { TulleError } from '../../../event/error.ts';

/** One field of an EventMesh filter pattern and what its list allows, as written. */
export interface PatternField {
  /** Member names from the event's top: `['data', 'address', 'city']`. */
  readonly path: readonly string[];
  /** Joined by OR. */
  readonly alternatives: readonly unknown[];
  /** JSON Pointer in the pattern. */
  readonly place: string;
}

const attributes = ['id', 'source', 'specversion', 'type', 'datacontenttype', 'dataschema', 'subject', 'time'];
const deepestNesting = 64;
const mostFields = 1000;

/**
 * Reads a pattern into its fields, which are joined by AND: the attributes of CloudEvents 1.0 with lists of at least
 * one alternative, and `data`, an object nested to any depth whose leaves are lists. Level by level, as EventMesh does.
 * EventMesh also takes other leaves, which then never match: `anyLeaf`.
 */
export function readPattern(pattern: unknown, place: string, anyLeaf = false): PatternField[] {
  if (!isObject(pattern) || Object.keys(pattern).length === 0) {
    throw refusal(
      place,
      'The pattern is not an object with fields.',
      'Name at least one field: {"type": ["order.created"]}.',
    );
  }
  const fields: PatternField[] = [];
  for (const [key, value] of Object.entries(pattern)) {
    const at = `${place}/${pointerToken(key)}`;
    if (key === 'data') {
      fields.push(...readData(value, at, anyLeaf));
    } else if (attributes.includes(key)) {
      fields.push({ path: [key], alternatives: alternatives(value, at), place: at });
    } else {
      throw refusal(
        at,
        `${JSON.stringify(key)} is not a field that an EventMesh pattern can name.`,
        `Use ${attributes.join(', ')} or data; for extension attributes use the filter language "pattern".`,
      );
    }
  }
  if (fields.length > mostFields)
    throw refusal(place, `The pattern names more than ${mostFields} fields.`, 'Split it into several rules.');
  return fields;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function refusal(place: string, message: string, mend: string): TulleError {
  return new TulleError('filter_invalid', message, { place, mend });
}

function readData(data: unknown, place: string, anyLeaf: boolean): PatternField[] {
  if (!isObject(data))
    throw refusal(place, 'The value of data is not an object.', 'Write {"data": {"status": ["paid"]}}.');
  const leaf = anyLeaf ? (value: unknown) => (Array.isArray(value) ? value : []) : alternatives;
  const fields: PatternField[] = [];
  let level = [{ object: data, path: ['data'], place }];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepestNesting)
      throw refusal(place, `The pattern nests deeper than ${deepestNesting} levels.`, 'Match a field further up.');
    const next: typeof level = [];
    for (const { object, path, place } of level) {
      for (const [key, value] of Object.entries(object)) {
        const at = `${place}/${pointerToken(key)}`;
        const inner = [...path, key];
        if (isObject(value)) next.push({ object: value, path: inner, place: at });
        else fields.push({ path: inner, alternatives: leaf(value, at), place: at });
      }
    }
    level = next;
  }
  return fields;
}

function alternatives(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value;
  throw refusal(
    place,
    'A field takes a list of at least one value or operator.',
    'Put the value into an array: ["paid"].',
  );
}

function pointerToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
