import { vi } from 'vitest';
import { describePublishModes } from '../../conformance/publish-modes.ts';
import { describeReplay } from '../../conformance/replay.ts';
import { createAwsHarness } from './harness.ts';
import { useAws } from './shared.ts';

vi.setConfig({ testTimeout: 60_000 });

const aws = useAws();

describePublishModes('AWS', () => createAwsHarness(aws));
describeReplay('AWS', (options) => createAwsHarness(aws, options));
