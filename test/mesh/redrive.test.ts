import { describeRedrive } from '../conformance/redrive.ts';
import { createHarness } from './harness.ts';

describeRedrive('memory', createHarness);
