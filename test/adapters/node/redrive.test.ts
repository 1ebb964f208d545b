import { describeRedrive } from '../../conformance/redrive.ts';
import { createNodeHarness } from './harness.ts';

describeRedrive('Node', createNodeHarness);
