import { describeDeduplication } from '../conformance/deduplication.ts';
import { createHarness } from './harness.ts';

describeDeduplication('memory', createHarness);
