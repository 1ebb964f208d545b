import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';

/** How a broker names where messages go: levels with a separator between them. */
export interface NameRules {
  readonly separator: '.' | '/';
  /** Wildcards, and what no name may hold. */
  readonly forbidden: RegExp;
  /** UTF-8 bytes. */
  readonly longest: number;
  /** The first level may be an attribute's: nothing of the broker's own is reached by a name. */
  readonly isFree?: boolean;
}

/** NATS subjects: no white space, no wildcard; long ones are slow, and 256 is what its manual asks for. */
export const natsSubject: NameRules = { separator: '.', forbidden: /[\s\p{Cc}*>]/gu, longest: 255 };
/** MQTT topic names (MQTT 5, 4.7): neither wildcards nor NUL. */
export const mqttTopic: NameRules = { separator: '/', forbidden: /[\p{Cc}+#]/gu, longest: 65_535 };
/** Kafka topics; those that begin with two underscores are the cluster's own. */
export const kafkaTopic: NameRules = { separator: '.', forbidden: /[^a-zA-Z0-9._-]/g, longest: 249 };
/** Routing keys of AMQP 0-9-1 are short strings; in bindings `*` and `#` are wildcards. */
export const routingKeyRules: NameRules = { separator: '.', forbidden: /[\p{Cc}*#]/gu, longest: 255, isFree: true };

/**
 * Fills `{type}`, `{subject}` and other attributes into a name: `orders.{type}`. What publishers write cannot lead an event
 * elsewhere: wildcards become `_`, and so do separators, but in the last place, where they only add levels below. An
 * attribute that the event does not have is `_`.
 * @throws TulleError `event_invalid` for a name that is too long
 */
export function fillName(template: string, { attributes }: Event, rules: NameRules): string {
  const name = template.replaceAll(placeholder, (whole, attribute: string, at: number) => {
    const value = attributes[attribute];
    const text = value === undefined ? '' : String(value).toWellFormed().replaceAll(rules.forbidden, '_');
    return text === '' ? '_' : levels(text, rules, at + whole.length === template.length);
  });
  if (utf8.encode(name).length <= rules.longest) return name;
  throw new TulleError('event_invalid', `the name that ${template} makes is longer than ${rules.longest} bytes`);
}

/**
 * @throws TulleError `target_invalid` for a brace that is no placeholder, for what the broker does not allow in names, and
 * for a name that begins with an attribute or a `$`, under which brokers keep what is theirs
 */
export function checkName(template: string, { forbidden, isFree = false }: NameRules, place: string): void {
  const fixed = template.replaceAll(placeholder, '');
  const isOwn = isFree || /^[^{$]/.test(template);
  if (isOwn && !/[{}]/.test(fixed) && fixed.search(forbidden) === -1) return;
  throw new TulleError('target_invalid', 'Events cannot be sent to this name', {
    place,
    mend: 'Begin it with a fixed part, and write names of attributes in braces, such as orders.{type}; no wildcards.',
  });
}

function levels(text: string, { separator }: NameRules, isLast: boolean): string {
  if (!isLast) return text.replaceAll(separator, '_');
  // No level may be empty.
  return text
    .split(separator)
    .map((level) => level || '_')
    .join(separator);
}

const placeholder = /\{([a-z0-9]{1,64})\}/g;
const utf8 = new TextEncoder();
