import { describeDeadLetterTarget } from '../../conformance/dead-letter-target.ts';
import { describeRedrive } from '../../conformance/redrive.ts';
import { createNodeHarness } from './harness.ts';

describeRedrive('Node', createNodeHarness);
describeDeadLetterTarget('Node', createNodeHarness);
