import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';

/** What a name made of an event's attributes may not hold, by the rules of a broker. */
export interface NameRules {
  /** Cannot come out of an attribute: it would lead the event elsewhere. A character class without its brackets. */
  readonly forbidden: RegExp;
  /** What stands for each forbidden character. */
  readonly replacement: string;
  /** UTF-8 bytes. */
  readonly longest: number;
}

/**
 * Fills `{type}`, `{subject}` and other attributes into a name: `orders.{type}`. Attributes cannot add levels or wildcards
 * beyond those that the rules let pass; one that the event does not have is `_`.
 * @throws TulleError `event_invalid` for a name that is too long
 */
export function fillName(
  template: string,
  { attributes }: Event,
  { forbidden, replacement, longest }: NameRules,
): string {
  const name = template.replaceAll(placeholder, (_, attribute: string) => {
    const value = attributes[attribute];
    const text = value === undefined ? '' : String(value).toWellFormed().replaceAll(forbidden, replacement);
    return text === '' ? '_' : text;
  });
  if (utf8.encode(name).length <= longest) return name;
  throw new TulleError('event_invalid', `the name that ${template} makes is longer than ${longest} bytes`);
}

/** @throws TulleError `target_invalid` for a brace that is no placeholder */
export function checkName(template: string, place: string): void {
  if (!/[{}]/.test(template.replaceAll(placeholder, ''))) return;
  throw new TulleError('target_invalid', 'The braces of this name hold no attribute', {
    place,
    mend: 'Write the name of an attribute between them, such as {type}.',
  });
}

const placeholder = /\{([a-z0-9]{1,64})\}/g;
const utf8 = new TextEncoder();
