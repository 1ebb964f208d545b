import { bytesToHex } from '@noble/hashes/utils.js';
import { canonicalJson } from './canonical-json.ts';
import { hidden } from './mask.ts';
import type { Treatment } from './rewrite.ts';
import type { Mac } from './secret-key.ts';

/**
 * HMAC-SHA-256 in hex of the line `tulle redact hash` and the value's canonical JSON: equal values have equal hashes
 * wherever the secret is the same, and "1" is not 1. True and false are hidden, because two hashes tell as much as two
 * values; null, which tells nothing, stays.
 * @param length hex characters, at most 64
 */
export function hashed(mac: Mac, length: number): Treatment {
  return (value) => {
    if (value === null) return null;
    if (typeof value === 'boolean') return hidden;
    // The first line is what no JSON and no header is: no signature that the secret may also make can be had from here.
    return bytesToHex(mac(`tulle redact hash\n${canonicalJson(value)}`)).slice(0, length);
  };
}
