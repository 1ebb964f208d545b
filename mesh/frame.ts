import { TulleError } from '../event/error.ts';

/**
 * Many strings as one: their lengths (UTF-16 units) in the first line, then the strings as they are. Cheaper than a
 * JSON array, which would escape every quote of the JSON inside it and unescape it again on the way out.
 */
export function frame(parts: readonly string[]): string {
  let text = `${parts.map((part) => part.length).join(',')}\n`;
  // Nothing is copied before the text is read: `join` would do it once more, a message in its batch twice.
  for (const part of parts) text += part;
  return text;
}

/** @throws TulleError `internal` when the text is not what `frame` wrote. */
export function unframe(text: string): string[] {
  const headerEnd = text.indexOf('\n');
  if (headerEnd < 0) throw damaged();
  const parts: string[] = [];
  let start = headerEnd + 1;
  if (headerEnd > 0) {
    for (const length of text.slice(0, headerEnd).split(',')) {
      const end = start + Number(length);
      parts.push(text.slice(start, end));
      start = end;
    }
  }
  if (start !== text.length) throw damaged();
  return parts;
}

function damaged(): TulleError {
  return new TulleError('internal', 'a stored batch is damaged: its lengths do not add up');
}
