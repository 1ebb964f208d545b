import { createMemorySnapshots } from '../../../adapters/memory/snapshots.ts';
import { describeSnapshots } from '../../conformance/snapshots.ts';

describeSnapshots('memory', async () => createMemorySnapshots());
