import { vi } from 'vitest';
import { isReplay } from '../../../mesh/replay/replay.ts';
import { describeReplays } from '../../conformance/replays.ts';
import { useAws } from './shared.ts';

vi.setConfig({ testTimeout: 60_000 });

const aws = useAws();

/** A cancellation is two calls, and counts from the second: a turn that is out ends after it. */
describeReplays('SQS and DynamoDB', (host, work) => {
  const cancellations: Promise<unknown>[] = [];
  return aws.run(
    {
      now: () => host.now(),
      async consume(messages, task) {
        const settlement = await host.consume(messages, task);
        if (isReplay(task)) await Promise.all(cancellations);
        return settlement;
      },
    },
    (queue) =>
      work({
        ...queue,
        replays: {
          ...queue.replays,
          cancel(shard, name) {
            const cancelled = queue.replays.cancel(shard, name);
            cancellations.push(cancelled);
            return cancelled;
          },
        },
      }),
  );
});
