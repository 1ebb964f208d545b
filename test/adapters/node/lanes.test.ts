import { describeLanes } from '../../conformance/lanes.ts';
import { createNodeHarness } from './harness.ts';

describeLanes('Node', () => createNodeHarness());
