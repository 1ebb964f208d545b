import { dataText } from '../../../event/data.ts';
import type { Event } from '../../../event/event.ts';

/** What of an event is sent: all of it in the JSON format of CloudEvents, or its payload as text. */
export type Content = 'structured' | 'raw';

export const contentSchema = { enum: ['structured', 'raw'] };

export function toBody(event: Event, content: Content = 'structured'): string {
  return content === 'raw' ? (dataText(event) ?? '') : event.json;
}

/** The text of an attribute; empty where the event has none. */
export function textOf({ attributes }: Event, name: string): string {
  const value = attributes[name];
  return value === undefined ? '' : String(value);
}
