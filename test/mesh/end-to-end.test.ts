import { describeEndToEnd } from '../conformance/end-to-end.ts';
import { createHarness } from './harness.ts';

describeEndToEnd('memory', createHarness);
