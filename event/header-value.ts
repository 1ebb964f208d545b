import { TulleError } from './error.ts';

/** Percent-encodes a string for a `ce-` header: space, `"`, `%` and all outside U+0021–7E (HTTP binding, 3.1.3.2). */
export function encodeHeaderValue(value: string): string {
  return toEncode.test(value) ? value.toWellFormed().replaceAll(eachToEncode, encodeURIComponent) : value;
}

/**
 * Decodes a `ce-` header: double-quoted parts are unquoted, then `%XX` is decoded once, as UTF-8.
 * Raw UTF-8, which the spec does not allow but senders use, arrives as one character a byte and is decoded too.
 * @throws TulleError `event_invalid` with `place` for an open quote or for what is not UTF-8
 */
export function decodeHeaderValue(value: string, place: string): string {
  if (!special.test(value)) return value;
  try {
    return decodeURIComponent(decodeRawUtf8(unquoted(value, place)));
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw new TulleError('event_invalid', `The header ${place} is not validly percent-encoded UTF-8`, {
      place,
      mend: 'Percent-encode the UTF-8 bytes of the value, and a percent sign as %25.',
    });
  }
}

const toEncode = /[^\x21-\x7e]|["%]/u;
const eachToEncode = /[^\x21-\x7e]|["%]/gu;
// Quote, percent sign, and what is not printable ASCII.
const special = /[^ !#$&-~]/;

function unquoted(value: string, place: string): string {
  if (!value.includes('"')) return value;
  let text = '';
  let quoted = false;
  for (let i = 0; i < value.length; i++) {
    const character = value.charAt(i);
    if (character === '"') quoted = !quoted;
    else if (quoted && character === '\\') text += value.charAt(++i);
    else text += character;
  }
  if (!quoted) return text;
  throw new TulleError('event_invalid', `The header ${place} has a quote that is not closed`, {
    place,
    mend: 'Close the quote, or percent-encode it as %22.',
  });
}

function decodeRawUtf8(value: string): string {
  if (!/[\x80-\xff]/.test(value) || /[\u0100-\uffff]/.test(value)) return value;
  try {
    return utf8.decode(Uint8Array.from(value, (character) => character.charCodeAt(0)));
  } catch {
    // Latin-1, as HTTP had it once: every byte is its character.
    return value;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
