import { isUriReference } from '../../event/attribute-formats.ts';
import { TulleError } from '../../event/error.ts';
import { fromJson } from '../../event/json-format.ts';
import { memberName } from '../../event/json-members.ts';
import { endOfText, memberWidth, newScan, scanJson, VALUE_END, VALUE_START } from '../../event/json-scan.ts';

/**
 * An event in EventBridge's envelope as a CloudEvent, both as JSON text; what the envelope says that a CloudEvent does not
 * is in extension attributes, so that `toEnvelope` (functions/transform) makes the same envelope of it again:
 *
 * `detail-type` → `type`, `detail` → `data` (the very same text), `account` and `region` → attributes of these names,
 * `resources` → the text of a JSON array where there are any, `replay-name` → `replayname`. A `source` that is no
 * URI-reference is percent-encoded, and stands as it was in `eventbridgesource`.
 *
 * Where `detail` is itself a CloudEvent of the same type, as this mesh puts it on a bus whole, that event is the answer.
 * What the mesh itself put on a bus says how often it was there (`eventbridgehops`), so that nothing goes round for ever.
 * @throws TulleError `json_invalid`, `event_invalid`
 */
export function fromEnvelope(text: string): string {
  const envelope = readMembers(text);
  const detail = envelope.get('detail');
  const type = readText(envelope, 'detail-type');
  const { hops, resources } = readResources(envelope.get('resources'));
  if (detail !== undefined && isWholeEvent(detail, type)) return hops === undefined ? detail : withHops(detail, hops);
  const source = readText(envelope, 'source');
  const replay = envelope.has('replay-name') ? readText(envelope, 'replay-name') : undefined;
  const attributes = {
    specversion: '1.0',
    id: readText(envelope, 'id'),
    source: isUriReference(source) ? source : encodeURIComponent(source.toWellFormed()),
    type,
    time: readText(envelope, 'time'),
    datacontenttype: 'application/json',
    ...(envelope.has('account') ? { account: readText(envelope, 'account') } : {}),
    ...(envelope.has('region') ? { region: readText(envelope, 'region') } : {}),
    ...(isEmptyArray(resources) ? {} : { resources }),
    ...(replay === undefined ? {} : { replayname: replay }),
    ...(isUriReference(source) ? {} : { eventbridgesource: source }),
    ...(hops === undefined ? {} : { eventbridgehops: hops }),
  };
  const head = JSON.stringify(attributes);
  const event = detail === undefined ? head : `${head.slice(0, -1)},"data":${detail}}`;
  // Says what is wrong with it before a batch of others is refused for it.
  fromJson(event);
  return event;
}

/** Among the resources of an entry: the mesh has put it on a bus, for the so manieth time. */
export function toHopMark(hops: number): string {
  return `${hopMark}${hops}`;
}

const hopMark = 'tulle:hops:';

/** The text without the mark, which stays as it is where there is none. */
function readResources(raw = '[]'): { readonly hops: number | undefined; readonly resources: string } {
  if (!raw.includes(hopMark)) return { hops: undefined, resources: raw };
  const all: unknown = JSON.parse(raw);
  const isMark = (one: unknown): one is string => typeof one === 'string' && /^tulle:hops:\d{1,4}$/.test(one);
  if (!Array.isArray(all)) return { hops: undefined, resources: raw };
  const hops = all.filter(isMark).map((mark) => Number(mark.slice(hopMark.length)));
  if (hops.length === 0) return { hops: undefined, resources: raw };
  return { hops: Math.max(...hops), resources: JSON.stringify(all.filter((one) => !isMark(one))) };
}

/** The same event, each value with its very text, and the attribute. */
function withHops(event: string, hops: number): string {
  const members = new Map(readMembers(event));
  members.set('eventbridgehops', String(hops));
  return `{${Array.from(members, ([name, raw]) => `${JSON.stringify(name)}:${raw}`).join(',')}}`;
}

/** The members of the outermost object, as they stand in the text; of two with a name the last. */
function readMembers(text: string): ReadonlyMap<string, string> {
  const scan = newScan();
  scanJson(text, 0, scan);
  endOfText(text, scan.end);
  const members = new Map<string, string>();
  for (let at = 0; at < scan.length; at += memberWidth) {
    members.set(
      memberName(text, scan.members, at),
      text.slice(scan.members[at + VALUE_START], scan.members[at + VALUE_END]),
    );
  }
  if (members.size > 0) return members;
  throw invalid('', 'The envelope is no object, or an empty one');
}

function readText(envelope: ReadonlyMap<string, string>, name: string): string {
  const raw = envelope.get(name);
  const value: unknown = raw === undefined ? undefined : JSON.parse(raw);
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(`/${name}`, `The envelope's ${name} is missing, empty, or no text`);
}

function isWholeEvent(detail: string, type: string): boolean {
  if (!detail.includes('"specversion"')) return false;
  try {
    return fromJson(detail).attributes.type === type;
  } catch {
    return false;
  }
}

function isEmptyArray(json: string): boolean {
  return /^\[\s*\]$/.test(json);
}

function invalid(place: string, message: string): TulleError {
  return new TulleError('event_invalid', message, {
    place,
    mend: 'Hand over events as EventBridge sends them to a target, without an input transformer.',
  });
}
