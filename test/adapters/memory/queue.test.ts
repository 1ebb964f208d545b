import { createMemoryQueue } from '../../../adapters/memory/queue.ts';
import { describeDeadLetters } from '../../conformance/dead-letters.ts';
import { describeWaits, pause } from '../../conformance/waits.ts';
import { describeQueue, type QueueHost } from '../../conformance/queue.ts';
import { type ArchiveUnderTest, describeReplays } from '../../conformance/replays.ts';
import { describeTrace } from '../../conformance/trace.ts';

const shard = { tenant: 't', bus: 'b', shard: 0, retentionSeconds: 86_400 };

const gap = 'nothing in memory survives';

describeQueue('memory', run, {
  'finds its lanes again after a crash': gap,
  'loses nothing in a crash between append and drain, and repeats nothing that was settled': gap,
});
describeDeadLetters('memory', run);
describeWaits('memory', run);
describeReplays('memory', run);
describeTrace('memory', run);

async function run(host: QueueHost, work: (queue: ArchiveUnderTest) => Promise<void>): Promise<void> {
  const memory = createMemoryQueue({ ...host, pause });
  await work({
    append: (messages, laned, claims, awaited) =>
      memory.queue.append(shard, {
        messages,
        ...(laned && { laned }),
        ...(claims && { claims }),
        ...(awaited && { awaited }),
      }),
    archive(archived, archiveSeconds, claims) {
      return memory.queue.append({ ...shard, archiveSeconds }, { messages: [], archived, ...(claims && { claims }) });
    },
    replays: memory.replays,
    drain: () => memory.drain(),
    nextAt: () => memory.nextAt(),
    ledger: memory.ledger,
    deadLetters: memory.deadLetters,
    waits: memory.waits,
  });
}
