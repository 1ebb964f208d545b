/** `${name}` or `${name:-fallback}`, and how it was written. */
export interface Placeholder {
  readonly name: string;
  readonly fallback?: string;
  readonly source: string;
}

/**
 * Text and placeholders by the rules of Apache Commons Text's StringSubstitutor: a placeholder ends at the first `}`,
 * white space belongs to the name, `$${name}` is the text `${name}`, and what is never closed is text.
 */
export function splitPlaceholders(template: string): (string | Placeholder)[] {
  const pieces: (string | Placeholder)[] = [];
  let text = '';
  let at = 0;
  for (;;) {
    const start = template.indexOf('${', at);
    const end = start < 0 ? -1 : template.indexOf('}', start);
    if (end < 0) break;
    text += template.slice(at, start);
    if (text.endsWith('$')) {
      text = `${text.slice(0, -1)}\${`;
      at = start + 2;
      continue;
    }
    at = end + 1;
    pieces.push(text, toPlaceholder(template.slice(start, at)));
    text = '';
  }
  pieces.push(text + template.slice(at));
  return pieces;
}

function toPlaceholder(source: string): Placeholder {
  const inside = source.slice(2, -1);
  const colon = inside.indexOf(':-');
  const nested = inside.indexOf('${');
  if (colon < 0 || (nested >= 0 && nested < colon)) return { name: inside, source };
  return { name: inside.slice(0, colon), fallback: inside.slice(colon + 2), source };
}
