import { type ErrorItem, TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { fromJson } from '../../event/json-format.ts';
import { memberName } from '../../event/json-members.ts';
import { endOfText, memberWidth, newScan, scanJson, VALUE_END, VALUE_START } from '../../event/json-scan.ts';
import { skipSpace } from '../../event/json-tokens.ts';

/**
 * The members of an object by their names, each as its own text.
 * @param outerDepth -1 where the object is not one of the levels of what is in it
 * @throws TulleError `json_invalid`
 */
export function readMembers(text: string, outerDepth = 0): ReadonlyMap<string, string> {
  const scan = newScan();
  scanJson(text, 0, scan, outerDepth);
  endOfText(text, scan.end);
  const members = new Map<string, string>();
  for (let at = 0; at < scan.length; at += memberWidth) {
    const name = memberName(text, scan.members, at);
    if (members.has(name)) {
      throw new TulleError('json_invalid', 'An object of the body names a member twice.', {
        mend: 'Keep the one that is meant.',
      });
    }
    members.set(name, text.slice(scan.members[at + VALUE_START], scan.members[at + VALUE_END]));
  }
  return members;
}

/** The elements of an array that is JSON, each as its own text; what comes after `most` is left unread. */
export function readElements(text: string, most: number): readonly string[] {
  const elements: string[] = [];
  const scan = newScan();
  let at = skipSpace(text, 1, text.length);
  while (text.charAt(at) !== ']' && elements.length < most) {
    scanJson(text, at, scan, 0, scan.special);
    elements.push(text.slice(at, scan.end));
    at = skipSpace(text, scan.end, text.length);
    if (text.charAt(at) === ',') at = skipSpace(text, at + 1, text.length);
  }
  return elements;
}

/**
 * An event that is only tried out: a CloudEvent, or one in the envelope of EventBridge (`detail-type`, `detail`) or as
 * its `PutEvents` takes one (`DetailType`, `Detail`). Data keeps its text, so that numbers stay as they were written.
 * @throws TulleError `event_invalid`, its place below the event
 */
export function readGivenEvent(text: string): Event {
  const members = text.startsWith('{') ? readMembers(text) : new Map<string, string>();
  if (members.has('specversion')) return fromJson(text);
  if (members.has('detail-type')) return fromJson(toCloudEvent(members, envelope));
  if (members.has('DetailType')) return fromJson(toCloudEvent(members, entry));
  return fromJson(text);
}

/** Where a fault of the event of that number is. */
export function toPlacedError(error: TulleError, place: string): ErrorItem {
  const item = error.toItem();
  return { ...item, place: place + (item.place?.startsWith('/') === true ? item.place : '') };
}

/** How a shape of EventBridge calls what a CloudEvent has; the data of an entry is text in which there is JSON. */
interface Shape {
  readonly names: Readonly<Record<string, string>>;
  readonly data: (member: string) => string;
}

const envelope: Shape = {
  names: {
    id: 'id',
    source: 'source',
    'detail-type': 'type',
    time: 'time',
    account: 'account',
    region: 'region',
    resources: 'resources',
    detail: 'data',
  },
  data: (member) => member,
};

const entry: Shape = {
  names: { Source: 'source', DetailType: 'type', Time: 'time', Resources: 'resources', Detail: 'data' },
  data(member) {
    const text: unknown = JSON.parse(member);
    if (typeof text !== 'string') return member;
    const scan = newScan();
    scanJson(text, 0, scan);
    endOfText(text, scan.end);
    return text;
  },
};

/** The JSON text of a CloudEvent; what the envelope has no name for in CloudEvents is left out. */
function toCloudEvent(members: ReadonlyMap<string, string>, { names, data }: Shape): string {
  const parts = new Map([['specversion', '"1.0"']]);
  if (!members.has('id')) parts.set('id', '"test"');
  for (const [theirs, ours] of Object.entries(names)) {
    const text = members.get(theirs);
    if (text === undefined) continue;
    if (ours === 'resources') {
      // An attribute is no list: several are its JSON text, as EventBridge's envelope is made of it.
      const [only, ...more] = readElements(text.startsWith('[') ? text : '[]', 2);
      if (only !== undefined) parts.set(ours, more.length === 0 ? only : JSON.stringify(text));
    } else parts.set(ours, ours === 'data' ? data(text) : text);
  }
  return `{${Array.from(parts, ([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
}
