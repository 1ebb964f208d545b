import { describeReplay } from '../../conformance/replay.ts';
import { createHarness } from '../harness.ts';

describeReplay('memory', createHarness);
