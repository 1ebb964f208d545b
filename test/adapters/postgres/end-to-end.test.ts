import { describe, vi } from 'vitest';
import { describeDeadLetterTarget } from '../../conformance/dead-letter-target.ts';
import { describeDeduplication } from '../../conformance/deduplication.ts';
import { describeEndToEnd } from '../../conformance/end-to-end.ts';
import { describeLanes } from '../../conformance/lanes.ts';
import { describeRedrive } from '../../conformance/redrive.ts';
import { describeThrottle } from '../../conformance/throttle.ts';
import { describeReplay } from '../../conformance/replay.ts';
import { describeSignOff } from '../../conformance/sign-off.ts';
import { createPostgresHarness } from './harness.ts';
import { postgresUrl } from './schema.ts';

// Each step of a test is a few commits.
vi.setConfig({ testTimeout: 30_000 });

describe.skipIf(postgresUrl === '')('with a Postgres server', () => {
  describeEndToEnd('Postgres', createPostgresHarness);
  describeLanes('Postgres', () => createPostgresHarness());
  describeRedrive('Postgres', createPostgresHarness);
  describeReplay('Postgres', createPostgresHarness);
  describeDeadLetterTarget('Postgres', createPostgresHarness);
  describeDeduplication('Postgres', createPostgresHarness);
  describeThrottle('Postgres', () => createPostgresHarness());
  describeSignOff('Postgres', () => createPostgresHarness());
});
