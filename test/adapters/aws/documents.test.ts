import { vi } from 'vitest';
import { createDynamoDocuments } from '../../../adapters/aws/documents.ts';
import { createObjects } from '../../../adapters/aws/objects.ts';
import { createPacker } from '../../../adapters/aws/packed.ts';
import { createDynamoSnapshots } from '../../../adapters/aws/snapshots.ts';
import { createTable } from '../../../adapters/aws/table.ts';
import { describeDocuments } from '../../conformance/documents.ts';
import { describeSnapshots } from '../../conformance/snapshots.ts';
import { useAws } from './shared.ts';

vi.setConfig({ testTimeout: 30_000 });

const aws = useAws();

async function create() {
  const { table: name, bucket } = await aws.install();
  const { clients } = aws.services();
  const table = createTable({ name, client: clients.dynamo });
  return { table, packer: createPacker(createObjects({ bucket, client: clients.s3 })) };
}

describeDocuments('DynamoDB', async () => createDynamoDocuments(await create()));
describeSnapshots('DynamoDB', async () => createDynamoSnapshots({ ...(await create()), now: () => Date.now() }));
