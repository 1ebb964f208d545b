import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { hash } from '../../mesh/hash.ts';
import type { Delivery } from '../../mesh/sink.ts';

export const defaultKey = '{year}/{month}/{day}/{hour}/{delivery}.json';

/**
 * The key of an object out of a template: `{year}`, `{month}`, `{day}`, `{hour}` of the event's time, or of its delivery;
 * `{delivery}`, the same at every attempt; other names are attributes. Values are percent-encoded: none adds a folder, or
 * leads out of one. At most 1,024 bytes, as S3 has it.
 */
export function toKey(template: string, deliveries: readonly Delivery[], now: number): string {
  const [first] = deliveries;
  if (first === undefined) return '';
  const { event } = first;
  const stated = Date.parse(textOf(event, 'time'));
  const [date = '', clock = ''] = new Date(Number.isNaN(stated) ? now : stated).toISOString().split('T');
  const [year = '', month = '', day = ''] = date.split('-');
  const parts: Readonly<Record<string, string>> = { year, month, day, hour: clock.slice(0, 2) };
  const key = template.replaceAll(placeholder, (_, name: string) => {
    if (name === 'delivery') return escape(toName(deliveries));
    return Object.hasOwn(parts, name) ? (parts[name] ?? '') : escape(textOf(event, name));
  });
  if (new TextEncoder().encode(key).length <= keyBytes) return key;
  throw new TulleError('event_invalid', `the key that ${template} makes is longer than ${keyBytes} bytes`);
}

/** @throws TulleError `target_invalid` where objects would replace one another, or the key is none */
export function checkKey(template: string, batchSize: number): void {
  const named = new Set(Array.from(template.matchAll(placeholder), ([, name = '']) => name));
  if (/[{}]/.test(template.replaceAll(placeholder, ''))) {
    throw invalid('The braces of this key hold no attribute.', 'Write a name between them, such as {type}.');
  }
  if (template.split('/').some((part) => part === '.' || part === '..')) {
    throw invalid('This key has . or .. between slashes.', 'Leave them out: no address leads there.');
  }
  if (named.has('delivery') || (named.has('id') && batchSize === 1)) return;
  throw invalid(
    'Objects with this key would replace one another.',
    batchSize === 1 ? 'Put {delivery} or {id} into it.' : 'Put {delivery} into it.',
  );
}

const placeholder = /\{([a-z0-9]{1,64})\}/g;
const keyBytes = 1_024;

/** Others in an object with it make another object: what it has already is not written over. */
function toName(deliveries: readonly Delivery[]): string {
  const [first] = deliveries;
  if (deliveries.length === 1) return first?.id ?? '';
  const ids = JSON.stringify(deliveries.map(({ id }) => id));
  const mark = [hash(ids), hash(ids, 0x9e3779b9)].map((part) => (part >>> 0).toString(16).padStart(8, '0')).join('');
  return `${first?.id ?? ''}-${mark}`;
}

function textOf({ attributes }: Event, name: string): string {
  const value = attributes[name];
  return value === undefined ? '' : String(value);
}

/** What is dots only would be a step out of the folder. */
function escape(value: string): string {
  const encoded = encodeURIComponent(value.toWellFormed());
  return /^\.+$/.test(encoded) ? encoded.replaceAll('.', '%2E') : encoded;
}

function invalid(message: string, mend: string): TulleError {
  return new TulleError('target_invalid', message, { place: '/key', mend });
}
