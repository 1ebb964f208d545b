import type { CloudEventObject } from './define-transformer.ts';
import type { JsonObject } from './json-value.ts';
import { isJson } from './rendered.ts';

/**
 * A CloudEvent in EventBridge's envelope, member by member in AWS's order: `type` is `detail-type` and data is
 * `detail`, as for event patterns. `account` and `region` are there where the event has such attributes, `resources`
 * is the attribute of that name, one of them or the text of a JSON array, and an event without a time has the one of its acceptance.
 */
export function toEnvelope(event: CloudEventObject, now: number): JsonObject {
  const { id, type, account, time = isoSeconds(now), region, resources, data } = event;
  // What came in from EventBridge may have had a source that is no URI-reference, and be a replay.
  const { eventbridgesource: source = event['source'], replayname } = event;
  return {
    version: '0',
    id,
    'detail-type': type,
    source,
    ...(account === undefined ? {} : { account }),
    time,
    ...(region === undefined ? {} : { region }),
    resources: resourcesOf(resources),
    ...(replayname === undefined ? {} : { 'replay-name': replayname }),
    ...(data === undefined ? {} : { detail: data }),
  };
}

/** EventBridge's times have no fraction. */
export function isoSeconds(now: number): string {
  return new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
}

function resourcesOf(attribute: unknown): readonly unknown[] {
  if (attribute === undefined) return [];
  if (typeof attribute !== 'string' || !attribute.startsWith('[') || !isJson(attribute)) return [attribute];
  return JSON.parse(attribute) as unknown[];
}
