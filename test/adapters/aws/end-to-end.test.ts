import { vi } from 'vitest';
import { describeDeadLetterTarget } from '../../conformance/dead-letter-target.ts';
import { describeDeduplication } from '../../conformance/deduplication.ts';
import { describeEndToEnd } from '../../conformance/end-to-end.ts';
import { describeLanes } from '../../conformance/lanes.ts';
import { describeRedrive } from '../../conformance/redrive.ts';
import { describeSignOff } from '../../conformance/sign-off.ts';
import { describeThrottle } from '../../conformance/throttle.ts';
import type { createHarness, Harness } from '../../mesh/harness.ts';
import { createNodeHarness } from '../node/harness.ts';
import { openAws } from './queue-under-test.ts';
import { useAws } from './shared.ts';

vi.setConfig({ testTimeout: 60_000 });

const aws = useAws();

/** The mesh on the ports of AWS: see `createNodeHarness`. */
function create(options: Parameters<typeof createHarness>[0] = {}): Promise<Harness> {
  return createNodeHarness(options, async (host) => {
    const log = openAws(host, aws.services(), await aws.install());
    const { documents, snapshots } = log;
    const queue = { append: (...args: Parameters<typeof log.queue.append>) => log.queue.append(...args) };
    return { documents, snapshots, queue, log, close: () => Promise.resolve() };
  });
}

describeEndToEnd('AWS', create);
describeLanes('AWS', () => create());
describeRedrive('AWS', create);
describeDeadLetterTarget('AWS', create);
describeDeduplication('AWS', create);
describeThrottle('AWS', () => create());
describeSignOff('AWS', () => create());
