import { isTimestamp } from './attribute-formats.ts';

/**
 * Milliseconds since the epoch of a timestamp of RFC 3339; `NaN` of any other text, of which `Date.parse` would make a time
 * of its own (`foo 5` is in 2001). A leap second, which `Date` does not know, is the second after it.
 */
export function timestampToMs(text: string): number {
  if (!isTimestamp(text)) return Number.NaN;
  const isLeap = text.slice(secondsAt, secondsAt + 2) === '60';
  return isLeap ? Date.parse(`${text.slice(0, secondsAt)}59${text.slice(secondsAt + 2)}`) + 1_000 : Date.parse(text);
}

/** In `2016-12-31T23:59:60Z`. */
const secondsAt = 17;
