/**
 * Text as Postgres takes it: everything but the character NUL. JSON holds neither NUL nor U+0001 as they are, so that
 * messages are stored as an operator would like to read them; only what is damaged is changed at all.
 */
export function toStored(text: string): string {
  return special.test(text)
    ? text.replace(everySpecial, (found) => (found === '\u0001' ? '\u0001\u0001' : '\u00010'))
    : text;
}

export function fromStored(text: string): string {
  return text.includes('\u0001')
    ? text.replace(everyEscape, (found) => (found === '\u00010' ? '\u0000' : '\u0001'))
    : text;
}

/* oxlint-disable no-control-regex -- they are what is looked for */
const special = /[\u0000\u0001]/;
const everySpecial = /[\u0000\u0001]/g;
const everyEscape = /\u0001[0\u0001]/g;
