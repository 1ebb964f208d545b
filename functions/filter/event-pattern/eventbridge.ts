import { TulleError } from '../../../event/error.ts';
import type { JsonMember, JsonNode } from '../json-node.ts';

/** Where the fields of the EventBridge envelope are in a CloudEvent; the others have the same name in both. */
const names = new Map([
  ['detail', 'data'],
  ['detail-type', 'type'],
]);

/** A pattern (or an event) with the envelope names of EventBridge, with those of CloudEvents. */
export function toCloudEvent(node: JsonNode): JsonNode {
  if (node.kind !== 'object') return node;
  return { kind: 'object', members: node.members.map(renamed) };
}

/** The fields without which EventBridge takes nothing for an event. */
const required = ['id', 'account', 'source', 'time', 'region', 'detail-type'];

/** Throws `event_invalid` where EventBridge would answer "Parameter Event is not valid." */
export function checkEventBridgeEvent(event: JsonNode): void {
  const members = event.kind === 'object' ? event.members : [];
  const missing = required.filter((name) => !members.some(({ key }) => key === name));
  if (missing.length === 0) return;
  throw new TulleError('event_invalid', `The event lacks ${missing.join(', ')}`, {
    place: `/${missing[0]}`,
    mend: `An EventBridge event is an object with ${required.join(', ')}.`,
  });
}

/** `detail.state` in one name, and the alternatives of `$or` at the top, are envelope names as well. */
function renamed({ key, value }: JsonMember): JsonMember {
  if (key === '$or' && value.kind === 'array') {
    return { key, value: { kind: 'array', items: value.items.map(toCloudEvent) } };
  }
  const dot = key.indexOf('.');
  const first = dot < 0 ? key : key.slice(0, dot);
  return { key: (names.get(first) ?? first) + key.slice(first.length), value };
}
