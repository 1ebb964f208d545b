import { describeReplay } from '../../conformance/replay.ts';
import { createNodeHarness } from './harness.ts';

describeReplay('Node', createNodeHarness);
