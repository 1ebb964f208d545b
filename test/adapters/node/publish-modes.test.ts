import { describePublishModes } from '../../conformance/publish-modes.ts';
import { createNodeHarness } from './harness.ts';

describePublishModes('Node', () => createNodeHarness());
