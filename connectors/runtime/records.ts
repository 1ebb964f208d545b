import { fromObject } from '../../event/create.ts';
import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { fromJson } from '../../event/json-format.ts';
import type { PoisonRecord, SourceRecord } from '../../mesh/connector/source.ts';
import type { ConnectorSettings } from '../../mesh/connector/task.ts';

export interface ReadRecords {
  readonly events: readonly Event[];
  readonly poison: readonly PoisonRecord[];
}

/** Events of records; what is none is poison, and does not hold up the others. */
export function toEvents(records: readonly SourceRecord[], settings: ConnectorSettings): ReadRecords {
  const events: Event[] = [];
  const poison: PoisonRecord[] = [];
  for (const record of records) {
    try {
      events.push(toEvent(record, settings));
    } catch (error) {
      if (!TulleError.is(error)) throw error;
      poison.push({ record, reason: error.place ? `${error.message} (${error.place})` : error.message });
    }
  }
  return { events, poison };
}

/** @throws TulleError `event_invalid`, `too_large` */
function toEvent(record: unknown, { eventSource, eventType }: ConnectorSettings): Event {
  if (typeof record !== 'object' || record === null) throw new TulleError('event_invalid', 'The record is no object');
  const { id, source = eventSource, type = eventType, dataJson, ...rest } = record as Partial<SourceRecord>;
  const members = { specversion: '1.0', id, source, type, ...rest };
  const event = dataJson === undefined ? fromObject(members) : withData(members, dataJson);
  if (event.json.length > eventLimit) throw new TulleError('too_large', 'The record makes an event above 1 MiB');
  return event;
}

/** Numbers that are more than JavaScript's stay as they are. */
function withData(members: object, dataJson: string): Event {
  return fromJson(`${JSON.stringify(members).slice(0, -1)},"data":${dataJson}}`);
}

/** As of what is published. */
const eventLimit = 1_048_576;
