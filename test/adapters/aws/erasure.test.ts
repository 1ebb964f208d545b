import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { createDynamoErasure } from '../../../adapters/aws/erasure.ts';
import { collections } from '../../../adapters/aws/keys.ts';
import { createObjects } from '../../../adapters/aws/objects.ts';
import { createPacker } from '../../../adapters/aws/packed.ts';
import { createTable } from '../../../adapters/aws/table.ts';
import type { ShardPlace } from '../../../mesh/ports/shard.ts';
import { useAws } from './shared.ts';

const aws = useAws();
const lane = 'rule/target';

it('all that the table and the bucket have of a shard is erased, and nothing of another', async () => {
  const { clients } = aws.services();
  const { table: name, bucket } = await aws.install();
  const table = createTable({ name, client: clients.dynamo });
  const packer = createPacker(createObjects({ bucket, client: clients.s3 }));
  const erasure = createDynamoErasure({ table, packer });
  const { claim: _claim, mailbox: _mailbox, shards, lane: laneOf, lanes, ...others } = collections;

  // More than one step takes, and in the bucket what is too long for an item.
  const long = Array.from({ length: 900_000 }, () => String.fromCharCode(33 + Math.floor(Math.random() * 90))).join('');
  async function fill(place: ShardPlace): Promise<void> {
    const rows = Array.from({ length: 120 }, (_, index) => `row-${index}`);
    for (const pk of [...Object.values(others).map((nameOf) => nameOf(place)), laneOf(place, lane)]) {
      await table.putMany(rows.map((sk) => ({ pk, sk })));
      await table.put({ pk, sk: 'row-long', ...(await packer.pack('rows', long)) });
    }
    await table.put({ pk: lanes(place), sk: lane });
    await table.put({ pk: shards, sk: `${place.tenant}/${place.bus}/${place.shard}` });
  }
  async function keys(): Promise<string[]> {
    const dynamo = await clients.dynamo();
    const { Items = [] } = await dynamo.send(new ScanCommand({ TableName: name }));
    return Items.map(({ pk, sk }) => `${pk?.S ?? ''} ${sk?.S ?? ''}`).sort();
  }
  async function objects(): Promise<number> {
    const { KeyCount = 0 } = await (await clients.s3()).send(new ListObjectsV2Command({ Bucket: bucket }));
    return KeyCount;
  }

  await fill({ tenant: 't', bus: 'other', shard: 0 });
  await fill({ tenant: 't', bus: 'b', shard: 1 });
  const [others0, objects0] = [await keys(), await objects()];
  const place = { tenant: 't', bus: 'b', shard: 0 };
  await fill(place);
  expect((await keys()).length).toBeGreaterThan(others0.length);
  await erasure.erase(place);
  expect(await keys()).toEqual(others0);
  expect(await objects()).toBe(objects0);
  // What is gone already, and what never was, is no failure.
  await erasure.erase(place);
  await erasure.erase({ tenant: 'nobody', bus: 'b', shard: 3 });
});
