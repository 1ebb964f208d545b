import { describeThrottle } from '../../conformance/throttle.ts';
import { createNodeHarness } from './harness.ts';

describeThrottle('Node', () => createNodeHarness());
