import { describeSignOff } from '../../conformance/sign-off.ts';
import { createNodeHarness } from './harness.ts';

describeSignOff('Node', () => createNodeHarness());
