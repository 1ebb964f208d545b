import type { Documents } from '../../mesh/ports/documents.ts';
import type { Changes } from './changes.ts';
import { advanceHead, readHead } from './head.ts';
import { isTagged } from './live-documents.ts';

/** Takes away the marks of what was deleted more than a day ago: nobody is still at work on a change of then. */
export async function sweepDeleted(documents: Documents, changes: Changes, tenant: string, now: number): Promise<void> {
  const { swept, done } = await readHead(documents, tenant);
  let sequence = swept;
  while (sequence < Math.min(done, swept + sweptAtOnce)) {
    const change = await changes.read(tenant, sequence + 1);
    if (change === undefined || now - Date.parse(change.at) < keptMs) break;
    for (const { key, document } of change.entries) {
      if (document !== undefined) continue;
      const stored = await documents.get(key);
      if (stored === undefined || !isTagged(stored.value) || stored.value.document !== undefined) continue;
      if (stored.value.change === change.sequence) await documents.delete(key, stored.version);
    }
    sequence += 1;
  }
  if (sequence > swept) await advanceHead(documents, tenant, { swept: sequence });
}

const keptMs = 86_400_000;
/** A tick has more to do. */
const sweptAtOnce = 100;
