import { TulleError } from '../event/error.ts';
import { documentMaxBytes, type Documents } from '../mesh/ports.ts';
import type { Snapshot } from '../mesh/snapshot.ts';
import { toRule } from './admission.ts';
import { documentKeys, walkDocuments } from './document-keys.ts';
import { type BusDocument, toBusSettings } from './resources/bus.ts';
import { type KeyDocument, toKey } from './resources/key.ts';
import type { RuleDocument } from './resources/rule.ts';

/** A snapshot as it is built: its version and time come from storing it. */
export type SnapshotContent = Omit<Snapshot, 'version' | 'publishedAt'>;

/** Reads everything that one bus's snapshot is made of; `undefined` when there is no such bus. */
export async function buildSnapshot(
  documents: Documents,
  tenant: string,
  bus: string,
): Promise<SnapshotContent | undefined> {
  const stored = await documents.get(documentKeys.bus(tenant, bus));
  if (stored === undefined) return undefined;
  const rules = [];
  for await (const { value } of walkDocuments(documents, documentKeys.rules(tenant, bus))) {
    rules.push(toRule(value as RuleDocument));
  }
  const keys = [];
  for await (const { value } of walkDocuments(documents, documentKeys.keys(tenant))) {
    keys.push(toKey(value as KeyDocument));
  }
  return { tenant, bus, settings: toBusSettings(stored.value as BusDocument), rules, keys };
}

/** Refuses a rule with which the bus's snapshot would not fit into a document. @throws TulleError `too_large` */
export async function requireRoom(documents: Documents, tenant: string, rule: RuleDocument): Promise<void> {
  let bytes = bytesOf(toRule(rule));
  for await (const { value } of walkDocuments(documents, documentKeys.rules(tenant, rule.bus))) {
    const other = value as RuleDocument;
    if (other.name !== rule.name) bytes += bytesOf(toRule(other));
  }
  if (bytes <= rulesMaxBytes) return;
  throw new TulleError('too_large', `The rules of the bus would take ${bytes} bytes; they may take ${rulesMaxBytes}.`, {
    mend: 'Make the rules smaller, remove some, or spread them over several buses.',
  });
}

/** The rest of the document is for keys: 200 of them, each for 20 buses with the longest names, take 300,000. */
const rulesMaxBytes = documentMaxBytes - 320_000;

function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length + 1;
}
