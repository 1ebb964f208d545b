import { vi } from 'vitest';
import { describeDeadLetterTarget } from '../../conformance/dead-letter-target.ts';
import { describeDeduplication } from '../../conformance/deduplication.ts';
import { describeEndToEnd } from '../../conformance/end-to-end.ts';
import { describeLanes } from '../../conformance/lanes.ts';
import { describeRedrive } from '../../conformance/redrive.ts';
import { describeSignOff } from '../../conformance/sign-off.ts';
import { describeThrottle } from '../../conformance/throttle.ts';
import type { createHarness, Harness } from '../../mesh/harness.ts';
import { createAwsHarness } from './harness.ts';
import { useAws } from './shared.ts';

vi.setConfig({ testTimeout: 180_000 });

const aws = useAws();

function create(options?: Parameters<typeof createHarness>[0]): Promise<Harness> {
  return createAwsHarness(aws, options);
}

describeEndToEnd('AWS', create);
describeLanes('AWS', () => create());
describeRedrive('AWS', create);
describeDeadLetterTarget('AWS', create);
describeDeduplication('AWS', create);
describeThrottle('AWS', () => create());
describeSignOff('AWS', () => create());
