import { maxJsonDepth } from '../../event/json-keys.ts';
import { toBase64 } from '../../event/base64.ts';
import { TulleError } from '../../event/error.ts';

/**
 * What a handler answered as plain JSON values on objects of our own: `toJSON` is followed (dates, `CloudEvent`), members
 * that are `undefined` are left out. What JSON would silently turn into something else is refused: numbers that are not
 * finite, functions, symbols, BigInts, bytes inside of the data.
 * @throws TulleError `step_failed` with the JSON Pointer of what is refused
 */
export function toPlainValue(value: unknown, place: string, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw refused(place, `is ${value}, which JSON has not`, 'Leave it out, or send it as a string.');
    case 'object':
      break;
    default:
      throw refused(place, `is a ${typeof value}`, 'Answer what JSON can hold.');
  }
  if (value === null) return null;
  if (depth > maxJsonDepth) {
    throw refused(place, `has more than ${maxJsonDepth} levels, or contains itself`, 'Answer flatter data.');
  }
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    throw refused(place, 'is binary', 'Answer bytes as the whole data (a Uint8Array), or encode them.');
  }
  if (Array.isArray(value)) {
    return Array.from(value, (item: unknown, index) =>
      item === undefined ? null : toPlainValue(item, `${place}/${index}`, depth + 1),
    );
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const json: unknown = value.toJSON();
    return toPlainValue(json === value ? { ...value } : json, place, depth + 1);
  }
  const plain = Object.create(null) as Record<string, unknown>;
  for (const [key, member] of Object.entries(value)) {
    const memberPlace = `${place}/${key.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (key === '__proto__') throw refused(memberPlace, 'has a name that is not allowed', 'Use another name.');
    if (member !== undefined) plain[key] = toPlainValue(member, memberPlace, depth + 1);
  }
  return plain;
}

/** One event that a handler answered, as a plain object in the shape of the JSON format; it may lack what is inherited. */
export function toPlainEvent(value: unknown, place: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const what = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
    throw refused(place, `is ${what}, not an event`, 'Answer an event, an array of events, or null to drop it.');
  }
  const json: unknown = 'toJSON' in value && typeof value.toJSON === 'function' ? value.toJSON() : value;
  const members: Record<string, unknown> = { ...(json as object) };
  // `CloudEvent.toJSON` writes the time anew and loses what is below a millisecond.
  if ('time' in value && typeof value.time === 'string') members['time'] = value.time;
  const { data } = members;
  if (data instanceof Uint8Array) {
    delete members['data'];
    members['data_base64'] = toBase64(data);
  } else if (members['data_base64'] !== undefined && members['data_base64'] !== null && data != null) {
    throw refused(`${place}/data_base64`, 'stands beside data', 'Answer one of the two; delete the other.');
  }
  return toPlainValue(members, place) as Record<string, unknown>;
}

function refused(place: string, why: string, mend: string): TulleError {
  return new TulleError('step_failed', `its answer cannot be used: ${place === '' ? 'it' : place} ${why}`, {
    place,
    mend,
  });
}
