import { vi } from 'vitest';
import { isReplay } from '../../../mesh/replay/replay.ts';
import { describeReplays } from '../../conformance/replays.ts';
import { pause } from '../../conformance/waits.ts';
import { useAws } from './shared.ts';

vi.setConfig({ testTimeout: 60_000 });

const aws = useAws();
/** A cancellation is two calls, and counts from the second: a turn that is out takes a little longer than that. */
const TURN_MS = 25;

describeReplays('SQS and DynamoDB', (host, work) =>
  aws.run(
    {
      now: () => host.now(),
      async consume(messages, task) {
        const settlement = await host.consume(messages, task);
        if (isReplay(task)) await pause(TURN_MS);
        return settlement;
      },
    },
    work,
  ),
);
