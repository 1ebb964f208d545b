import { TulleError } from '../../../event/error.ts';
import type { JsonMember, JsonNode } from '../json-node.ts';

/** Where the fields of the EventBridge envelope are in a CloudEvent; the others have the same name in both. */
const names = new Map([
  ['detail', 'data'],
  ['detail-type', 'type'],
]);

/**
 * A pattern with the envelope names of EventBridge, with those of CloudEvents. Throws `filter_invalid` where it has both
 * names of one field: of two entries for one path the last would count, and the other be lost without a word.
 */
export function toCloudEvent(node: JsonNode, place = ''): JsonNode {
  if (node.kind !== 'object') return node;
  for (const [envelope, attribute] of names) {
    const twice = node.members.find(({ key }) => firstName(key) === attribute);
    if (twice === undefined || !node.members.some(({ key }) => firstName(key) === envelope)) continue;
    throw new TulleError('filter_invalid', `"${envelope}" and "${attribute}" are one field`, {
      place: `${place}/${twice.key}`,
      mend: `Name it ${envelope}, as the envelope of EventBridge does.`,
    });
  }
  return { kind: 'object', members: node.members.map((member) => renamed(member, place)) };
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
function renamed({ key, value }: JsonMember, place: string): JsonMember {
  if (key === '$or' && value.kind === 'array') {
    return {
      key,
      value: { kind: 'array', items: value.items.map((item, i) => toCloudEvent(item, `${place}/$or/${i}`)) },
    };
  }
  const first = firstName(key);
  return { key: (names.get(first) ?? first) + key.slice(first.length), value };
}

function firstName(key: string): string {
  const dot = key.indexOf('.');
  return dot < 0 ? key : key.slice(0, dot);
}
