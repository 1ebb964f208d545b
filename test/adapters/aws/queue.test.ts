import { vi } from 'vitest';
import { describeDeadLetters } from '../../conformance/dead-letters.ts';
import { describeQueue } from '../../conformance/queue.ts';
import { describeWaits } from '../../conformance/waits.ts';
import { useAws } from './shared.ts';

vi.setConfig({ testTimeout: 60_000 });

const { run } = useAws();

describeQueue('SQS and DynamoDB', run);
describeDeadLetters('SQS and DynamoDB', run);
describeWaits('SQS and DynamoDB', run);
