import { describeSignOff } from '../conformance/sign-off.ts';
import { createHarness } from './harness.ts';

describeSignOff('memory', () => createHarness());
