import { describeDeduplication } from '../../conformance/deduplication.ts';
import { createNodeHarness } from './harness.ts';

describeDeduplication('Node', createNodeHarness);
