import { describeThrottle } from '../conformance/throttle.ts';
import { createHarness } from './harness.ts';

describeThrottle('memory', () => createHarness());
