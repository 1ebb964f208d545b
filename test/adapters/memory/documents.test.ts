import { createMemoryDocuments } from '../../../adapters/memory/documents.ts';
import { describeDocuments } from '../../conformance/documents.ts';

describeDocuments('memory', async () => createMemoryDocuments());
