import { randomBytes } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { createDynamoDocuments } from '../../../adapters/aws/documents.ts';
import { createObjects } from '../../../adapters/aws/objects.ts';
import { createPacker } from '../../../adapters/aws/packed.ts';
import { createDynamoSnapshots } from '../../../adapters/aws/snapshots.ts';
import { createTable } from '../../../adapters/aws/table.ts';
import { describeDocuments } from '../../conformance/documents.ts';
import { describeSnapshots, snapshotOf } from '../../conformance/snapshots.ts';
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

it('keeps a snapshot of any size, and one that grows and shrinks', async () => {
  const snapshots = createDynamoSnapshots({ ...(await create()), now: () => Date.now() });
  for (const [version, length] of [10, 5_000, 600_000, 10, 900].entries()) {
    const snapshot = { ...snapshotOf('acme', 'orders', version), note: randomBytes(length).toString('base64') };
    await snapshots.put(snapshot);
    expect(await snapshots.get('acme', 'orders')).toEqual(snapshot);
  }
  await snapshots.delete('acme', 'orders');
  expect(await snapshots.get('acme', 'orders')).toBeUndefined();
});
