/** The most that a system takes of a text. */
export type TextLimit = { readonly characters: number } | { readonly bytes: number };

/** The text, or as much of it as fits with an ellipsis behind it: never half a character, nor half an `&amp;`. */
export function cutText(text: string, limit: TextLimit): string {
  if ('characters' in limit) {
    return text.length <= limit.characters ? text : `${toWhole(text.slice(0, limit.characters - 1))}…`;
  }
  const encoder = new TextEncoder();
  if (text.length * 3 <= limit.bytes || encoder.encode(text).length <= limit.bytes) return text;
  // `encodeInto` ends before the character that does not fit; the ellipsis has three bytes.
  const { read } = encoder.encodeInto(text, new Uint8Array(limit.bytes - 3));
  return `${toWhole(text.slice(0, read))}…`;
}

function toWhole(text: string): string {
  return text.replace(/[\uD800-\uDBFF]$/, '').replace(/&(?:[a-z]{0,4}|#\d{0,6})$/i, '');
}
