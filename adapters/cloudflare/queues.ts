import { TulleError } from '../../event/error.ts';
import type { Queue } from '../../mesh/ports/queue.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import type { Outbox } from './queues-outbox.ts';

/**
 * Cloudflare Queues for the buses that ask for it. What waits in lanes goes to the log as on every bus, since Queues
 * keeps neither order nor rate. So do events that are archived, which lie there anyway; what is to be deduplicated, which
 * takes one transaction; and what a publisher waits for, who should not wait for a batch to fill.
 */
export function createQueuesQueue({ outbox, log }: { readonly outbox: Outbox; readonly log: Queue }): Queue {
  return {
    async append(address, entries) {
      const { messages, archived = [], laned = [], claims, awaited } = entries;
      const asksForMore = claims !== undefined || awaited !== undefined;
      if (asksForMore || address.queue !== 'cloudflare-queues') return log.append(address, entries);
      await Promise.all([
        messages.length === 0 ? undefined : send(address, messages),
        archived.length + laned.length === 0 ? undefined : log.append(address, { messages: [], archived, laned }),
      ]);
      return { duplicates: [] };
    },
  };

  async function send({ tenant, bus, shard }: ShardPlace, messages: readonly string[]): Promise<void> {
    try {
      await outbox.send(messages.map((body) => ({ place: { tenant, bus, shard }, body })));
    } catch (error) {
      throw new TulleError('unavailable', 'The queue could not take the events.', {
        mend: 'Send the request again; events that are already stored come twice at worst.',
        retryAfter: 1,
        cause: error,
      });
    }
  }
}
