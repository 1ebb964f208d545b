import { describeLanes } from '../conformance/lanes.ts';
import { createHarness } from './harness.ts';

describeLanes('memory', () => createHarness());
