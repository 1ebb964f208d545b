import { describeEndToEnd } from '../../conformance/end-to-end.ts';
import { createNodeHarness } from './harness.ts';

describeEndToEnd('Node', createNodeHarness);
