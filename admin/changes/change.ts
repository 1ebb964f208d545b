import { canonicalJson } from '../../functions/transform/canonical-json.ts';
import type { Operation } from '../../mesh/audit.ts';

/** One change of a tenant's configuration, of one document or of many: it is made as a whole or not at all. Or an operation. */
export interface Change {
  /** From 1, without a gap, in the order in which they were made. */
  readonly sequence: number;
  /** RFC 3339. */
  readonly at: string;
  /** The id of the key, `operator` for the installation's own, or `system`. */
  readonly by: string;
  readonly why?: string;
  /** What was done beside, or instead of, changing documents. */
  readonly operation?: Operation;
  readonly entries: readonly ChangeEntry[];
  /** Hash of the change before; empty for the first. */
  readonly previousHash: string;
  /** SHA-256, in hex, of the RFC 8785 text of everything above. */
  readonly hash: string;
}

/** What becomes of one document. */
export interface ChangeEntry {
  readonly key: string;
  /** What the store had there when the change was planned; 0 for nothing. */
  readonly version: number;
  /** Absent where it is deleted. */
  readonly document?: unknown;
  /** The sequence of the change before that wrote this document; absent where none is known. */
  readonly previous?: number;
}

/** @returns the change with its hash, which holds the hash of the one before: whoever alters one breaks all after it. */
export async function sealChange(change: Omit<Change, 'hash'>): Promise<Change> {
  return { ...change, hash: await hashOf(change) };
}

/** Whether a change is as it was written, and follows the one with the hash `previousHash`. */
export async function isIntact({ hash, ...change }: Change, previousHash: string): Promise<boolean> {
  return change.previousHash === previousHash && hash === (await hashOf(change));
}

async function hashOf(change: Omit<Change, 'hash'>): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(canonicalJson(change)));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
