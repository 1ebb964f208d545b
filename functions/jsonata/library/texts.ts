import { JsonataError } from '../error.ts';
import type { Run } from '../run.ts';
import { searchFor } from '../search.ts';
import { toText } from '../text.ts';
import { define, type Library } from './define.ts';

type Text = string | undefined;

/** Characters are Unicode code points in `$length`, `$substring` and `$pad`. */
export const textFunctions: Library = {
  string: define('<x-b?:s>', 1, (run, value: unknown, prettify: boolean | undefined) =>
    value === undefined ? undefined : run.text(toText(value, run, prettify === true ? '  ' : '')),
  ),
  substring: define('<s-nn?:s>', 3, (run, text: Text, start: number, length: number | undefined) =>
    text === undefined ? undefined : substring(run.text(text), start, length),
  ),
  substringBefore: define('<s-s:s>', 2, (run, text: Text, separator: Text) => {
    const at = placeOf(separator, text, run);
    return at === -1 ? text : text?.slice(0, at);
  }),
  substringAfter: define('<s-s:s>', 2, (run, text: Text, separator: Text) => {
    const at = placeOf(separator, text, run);
    return at === -1 ? text : text?.slice(at + separator!.length);
  }),
  lowercase: define('<s-:s>', 1, (run, text: Text) => (text === undefined ? undefined : run.text(text).toLowerCase())),
  uppercase: define('<s-:s>', 1, (run, text: Text) => (text === undefined ? undefined : run.text(text).toUpperCase())),
  length: define('<s-:n>', 1, (run, text: Text) =>
    text === undefined ? undefined : Array.from(run.text(text)).length,
  ),
  trim: define('<s-:s>', 1, (run, text: Text) =>
    text === undefined
      ? undefined
      : run
          .text(text)
          .replaceAll(/[ \t\n\r]+/g, ' ')
          .replace(/^ /, '')
          .replace(/ $/, ''),
  ),
  pad: define('<s-ns?:s>', 3, (run, text: Text, width: number, filler: Text) =>
    text === undefined
      ? undefined
      : pad(run, text, Math.trunc(width), filler === undefined || filler === '' ? ' ' : filler),
  ),
  join: define('<a<s>s?:s>', 2, (run, texts: readonly string[] | undefined, separator: Text) => {
    if (texts === undefined) return undefined;
    const between = separator ?? '';
    run.spend(texts.length);
    run.textOf(texts.reduce((sum, text) => sum + text.length, between.length * Math.max(0, texts.length - 1)));
    return texts.join(between);
  }),
  base64encode: define('<s-:s>', 1, (run, text: Text) => {
    if (text === undefined) return undefined;
    run.textOf(text.length * 2);
    return btoa(latin1(text));
  }),
  base64decode: define('<s-:s>', 1, (run, text: Text) =>
    text === undefined ? undefined : base64decode(run.text(text)),
  ),
  encodeUrlComponent: define('<s-:s>', 1, urlFunction('encodeUrlComponent', encodeURIComponent)),
  encodeUrl: define('<s-:s>', 1, urlFunction('encodeUrl', encodeURI)),
  decodeUrlComponent: define('<s-:s>', 1, urlFunction('decodeUrlComponent', decodeURIComponent)),
  decodeUrl: define('<s-:s>', 1, urlFunction('decodeUrl', decodeURI)),
};

function placeOf(wanted: Text, text: Text, run: Run): number {
  return text === undefined || wanted === undefined ? -1 : searchFor(wanted, run)(run.text(text), 0);
}

function substring(text: string, start: number, length: number | undefined): string {
  const characters = Array.from(text);
  if (length !== undefined && length <= 0) return '';
  const from = characters.length + start < 0 ? 0 : start;
  if (length === undefined) return characters.slice(from).join('');
  const end = from >= 0 ? from + length : characters.length + from + length;
  return characters.slice(from, end).join('');
}

function pad(run: Run, text: string, width: number, filler: string): string {
  const missing = Math.abs(width) - Array.from(run.text(text)).length;
  if (!(missing > 0)) return text;
  const characters = Array.from(run.text(filler));
  // Before anything is made: the width may be any number. A character is at most two units.
  run.textOf(text.length + missing * (characters.length === filler.length ? 1 : 2));
  const padding = Array.from({ length: missing }, (_, index) => characters[index % characters.length]).join('');
  return width > 0 ? text + padding : padding + text;
}

/** Bytes as characters, the way the original function has it: of larger characters the low byte stays. */
function latin1(text: string): string {
  let bytes = '';
  for (let at = 0; at < text.length; at += 1) bytes += String.fromCharCode(text.charCodeAt(at) & 0xff);
  return bytes;
}

/** Takes the URL alphabet as well, passes over what is no base64, and ends at the first `=`. */
function base64decode(text: string): string {
  const [letters = ''] = text
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replaceAll(/[^A-Za-z0-9+/=]/g, '')
    .split('=');
  return atob(letters.length % 4 === 1 ? letters.slice(0, -1) : letters);
}

function urlFunction(name: string, convert: (text: string) => string) {
  return (run: Run, text: Text): Text => {
    if (text === undefined) return undefined;
    run.textOf(text.length * 3);
    try {
      return convert(text);
    } catch (error) {
      if (!(error instanceof URIError)) throw error;
      throw new JsonataError('D3140', `The text given to $${name} is malformed`, undefined, name);
    }
  };
}
