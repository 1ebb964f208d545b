import { vi } from 'vitest';
import type { QueueHost, QueueUnderTest } from '../../conformance/queue.ts';
import { describeTrace } from '../../conformance/trace.ts';
import { useAws } from './shared.ts';

vi.setConfig({ testTimeout: 60_000 });

const aws = useAws();

// SQS keeps nothing of what it handed out: events are found on buses that have an archive.
describeTrace('SQS and DynamoDB, on a bus with an archive', (host: QueueHost, work) =>
  aws.run(host, async (queue) => {
    const archiving: QueueUnderTest = {
      ...queue,
      async append(messages, laned) {
        if (messages.length > 0) await queue.archive(messages, 86_400);
        return queue.append([], laned);
      },
    };
    await work(archiving);
  }),
);
