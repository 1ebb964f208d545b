import { dataText } from '../../../event/data.ts';
import type { Event } from '../../../event/event.ts';

/** What of an event is sent: all of it in the JSON format of CloudEvents, or its payload as text. */
export type Content = 'structured' | 'raw';

export const contentSchema = {
  enum: ['structured', 'raw'],
  description: 'the whole event in the JSON format of CloudEvents (default), or its payload alone',
};

/** Of FIFO queues and topics. */
export const groupSchema = {
  type: 'string',
  pattern: '^[a-z0-9]{1,20}$',
  description: 'the attribute that is the message group of a FIFO queue or topic; partitionkey by default',
};

export function toBody(event: Event, content: Content = 'structured'): string {
  return content === 'raw' ? (dataText(event) ?? '') : event.json;
}

/** The text of an attribute; empty where the event has none. */
export function textOf({ attributes }: Event, name: string): string {
  const value = attributes[name];
  return value === undefined ? '' : String(value);
}
