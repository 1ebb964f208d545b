import { numberText } from './exact-numbers.ts';
import type { Treatment } from './rewrite.ts';

/** What stands for a value of which nothing is shown: always the same, so that not even the length is told. */
export const hidden = '****';

/**
 * The mask of a name: `all`; `keep-first-N` and `keep-last-N` (a star for each hidden character); `email` (the first
 * character and the domain). A value that is shorter than twice what is kept is hidden whole: of no value is more
 * shown than hidden. Numbers are masked as their decimal text and become strings; true, false, objects and arrays,
 * also as texts, are hidden whole; null, which tells nothing, stays.
 */
export function maskNamed(name: string): Treatment {
  const [, side, digits] = /^keep-(first|last)-(\d+)$/.exec(name) ?? [];
  if (side !== undefined) return ofText((text) => keep(text, Number(digits), side === 'first'));
  return name === 'email' ? ofText(maskEmail) : ofText(() => hidden);
}

function ofText(mask: (text: string) => string): Treatment {
  return (value) => {
    if (value === null) return null;
    if (typeof value === 'string') return mask(value);
    const digits = typeof value === 'number' ? String(value) : numberText(value);
    return digits === undefined ? hidden : mask(digits);
  };
}

/** Counts code points: half a surrogate pair is no character. */
function keep(text: string, kept: number, first: boolean): string {
  // JSON as a text: an end of it may be the whole of a value in it.
  if (/^\s*[{[]/.test(text)) return hidden;
  const characters = Array.from(text);
  if (characters.length < 2 * kept) return hidden;
  const stars = '*'.repeat(characters.length - kept);
  return first ? characters.slice(0, kept).join('') + stars : stars + characters.slice(-kept).join('');
}

/** What looks like an address by half of it may hold anything in the other half. */
const address = /^([^\s@"]{1,64})@([\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){0,8}\.\p{L}[\p{L}\p{N}-]{1,62})$/u;

function maskEmail(text: string): string {
  const [, name = '', domain] = address.exec(text) ?? [];
  if (domain === undefined) return hidden;
  const [first, second] = Array.from(name);
  // Without a second character the first would be the whole name.
  return `${second === undefined ? '' : first}${hidden}@${domain}`;
}
