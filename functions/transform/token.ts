import { bytesToHex } from '@noble/hashes/utils.js';
import { canonicalJson } from './canonical-json.ts';
import { numberText } from './exact-numbers.ts';
import { hidden } from './mask.ts';
import type { Treatment } from './rewrite.ts';
import type { Mac } from './secret-key.ts';

/**
 * A stand-in that looks like the value: each digit becomes a digit, each letter a letter of the same case, any other
 * character beyond ASCII a small letter; ASCII punctuation and spaces stay. Chosen by a keyed hash of the whole value:
 * equal values have equal tokens, and none can be turned back. Numbers are taken as their decimal text and become
 * strings. What has no shape to keep becomes `tok_` and 32 hex digits: objects, arrays, texts of more than 128
 * characters, and those with fewer than 6 to replace, which would have too few tokens to choose from. True and false
 * are hidden, null stays, as in a hash.
 */
export function tokenised(mac: Mac): Treatment {
  return (value) => {
    if (value === null) return null;
    if (typeof value === 'boolean') return hidden;
    const seed = bytesToHex(mac(`tulle redact token\n${canonicalJson(value)}`));
    const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value : numberText(value);
    const isShaped =
      text !== undefined && text.length <= longestShaped && (text.match(replaced)?.length ?? 0) >= fewestNew;
    return isShaped ? lookAlike(text, seed, mac) : `tok_${seed.slice(0, 32)}`;
  };
}

const longestShaped = 128;
/** A million tokens, the smallest domain that NIST SP 800-38G allows to format-preserving encryption. */
const fewestNew = 6;
const replaced = /[\dA-Za-z\u0080-\u{10ffff}]/gu;

function lookAlike(text: string, seed: string, mac: Mac): string {
  const next = numbersFrom(seed, mac);
  let token = text;
  // By chance a token may be its own value: then the next one is taken.
  while (token === text) {
    token = text.replaceAll(replaced, (character) => {
      if (/\d/.test(character)) return String(next() % 10);
      const first = /[A-Z]/.test(character) ? 'A' : 'a';
      return String.fromCharCode(first.charCodeAt(0) + (next() % 26));
    });
  }
  return token;
}

/** Numbers of 16 bits without end: so many that what remains of a division is even to a thousandth. */
function numbersFrom(seed: string, mac: Mac): () => number {
  let bytes = new Uint8Array();
  let at = 0;
  let block = 0;
  return () => {
    if (at === bytes.length) {
      bytes = Uint8Array.from(mac(`tulle redact token ${block}\n${seed}`));
      block += 1;
      at = 0;
    }
    const number = (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
    at += 2;
    return number;
  };
}
