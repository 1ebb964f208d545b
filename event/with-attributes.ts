import type { AttributeValue, Event } from './event.ts';
import { readEvent } from './json-format.ts';

/**
 * The event with these attributes added, or in the place of those that it has; its data stays the same text. Names and
 * values are the caller's care: they are not checked again.
 */
export function withAttributes(event: Event, added: Readonly<Record<string, AttributeValue>>): Event {
  const { data, duplicateKeys } = event;
  const head = JSON.stringify({ ...event.attributes, ...added });
  if (data === undefined) return readEvent(head, undefined, duplicateKeys);
  const before = `${head.slice(0, -1)},"${data.member}":`;
  const json = `${before}${event.json.slice(data.start, data.end)}}`;
  return readEvent(json, { member: data.member, start: before.length, end: json.length - 1 }, duplicateKeys);
}
