import { describePublishModes } from '../conformance/publish-modes.ts';
import { createHarness } from './harness.ts';

describePublishModes('memory', () => createHarness());
