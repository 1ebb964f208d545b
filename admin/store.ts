import { TulleError } from '../event/error.ts';
import type { Documents, StoredDocument } from '../mesh/ports.ts';
import { type Precondition, requirePrecondition } from './precondition.ts';
import type { Publisher } from './publisher.ts';

export interface Written<Document> {
  readonly document: Document;
  readonly version: number;
  readonly created: boolean;
}

export interface Write<Document> {
  readonly tenant: string;
  readonly bus: string;
  readonly key: string;
  readonly precondition: Precondition;
  /** What to store, from what is there; throws where that is refused. */
  build(present: Document | undefined): Document | Promise<Document>;
  /** Looks again after the write; throws, after undoing it, where the world has changed meanwhile. */
  confirm?(version: number): Promise<void>;
}

/**
 * Stores a document and publishes it. What is there already is not written again, so that a repeated request changes
 * nothing. Without a precondition the last writer wins; each still builds on what is really there.
 */
export async function writeDocument<Document>(
  documents: Documents,
  publisher: Publisher,
  write: Write<Document>,
): Promise<Written<Document>> {
  const { tenant, bus, key, precondition } = write;
  for (let attempt = 1; ; attempt += 1) {
    const present = await documents.get(key);
    requirePrecondition(precondition, present?.version ?? 0);
    const document = await write.build(present?.value as Document | undefined);
    if (present !== undefined && JSON.stringify(present.value) === JSON.stringify(document)) {
      await publisher.publish(tenant, bus);
      return { document, version: present.version, created: false };
    }
    try {
      const version = await publisher.change(tenant, bus, async () => {
        const stored = await documents.put(key, document, present?.version ?? 0);
        await write.confirm?.(stored);
        return stored;
      });
      return { document, version, created: present === undefined };
    } catch (error) {
      const isRace = TulleError.is(error) && error.code === 'version_conflict' && precondition.kind === 'none';
      if (!isRace || attempt === maxAttempts) throw error;
    }
  }
}

/** Reads a document that has to be there. @throws TulleError `not_found` */
export async function requireDocument(documents: Documents, key: string, what: string): Promise<StoredDocument> {
  const stored = await documents.get(key);
  if (stored === undefined) throw new TulleError('not_found', `There is no ${what}.`);
  return stored;
}

const maxAttempts = 16;
