import type { createHarness, Harness } from '../../mesh/harness.ts';
import { createNodeHarness } from '../node/harness.ts';
import { openAws } from './queue-under-test.ts';
import type { useAws } from './shared.ts';

/** The mesh on the ports of AWS: see `createNodeHarness`. */
export function createAwsHarness(
  aws: ReturnType<typeof useAws>,
  options: Parameters<typeof createHarness>[0] = {},
): Promise<Harness> {
  return createNodeHarness(options, async (host) => {
    const log = openAws(host, aws.services(), await aws.install());
    const { documents, snapshots, queue } = log;
    return { documents, snapshots, queue, log, close: () => Promise.resolve() };
  });
}
