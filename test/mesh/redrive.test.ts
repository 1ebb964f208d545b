import { describeDeadLetterTarget } from '../conformance/dead-letter-target.ts';
import { describeRedrive } from '../conformance/redrive.ts';
import { createHarness } from './harness.ts';

describeRedrive('memory', createHarness);
describeDeadLetterTarget('memory', createHarness);
