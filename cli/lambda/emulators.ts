import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startFauxqs } from 'fauxqs';
import { openGate, type Gate } from './gate.ts';
import { makeFolder } from '../make-folder.ts';

/** AWS's services on this machine: SQS, SNS and S3 by fauxqs behind a gate, DynamoDB by dynalite. */
export interface Emulators {
  /** What functions talk to. */
  readonly gate: Gate;
  /** SQS without the gate, for what the runner itself asks. */
  readonly sqsUrl: string;
  readonly dynamoUrl: string;
  stop(): Promise<void>;
}

/** `storage`: where what they hold outlives them; without it, it does not. */
export async function startEmulators(region: string, storage?: string): Promise<Emulators> {
  if (storage !== undefined) await makeFolder(storage);
  const fauxqs = await startFauxqs({
    port: 0,
    logger: false,
    host: 'localhost',
    defaultRegion: region,
    ...(storage === undefined ? {} : { dataDir: join(storage, 'fauxqs') }),
  });
  const dynamo = createDynalite({
    createTableMs: 0,
    deleteTableMs: 0,
    updateTableMs: 0,
    maxItemSizeKb: 400,
    ...(storage === undefined ? {} : { path: join(storage, 'dynalite') }),
  });
  await new Promise<void>((resolve) => dynamo.listen(0, '127.0.0.1', resolve));
  const sqsUrl = fauxqs.address.replace('localhost', '127.0.0.1');
  const gate = await openGate(new URL(sqsUrl));
  return {
    gate,
    sqsUrl,
    dynamoUrl: `http://127.0.0.1:${(dynamo.address() as AddressInfo).port}`,
    async stop() {
      gate.stop();
      dynamo.closeAllConnections();
      await Promise.all([fauxqs.stop(), new Promise<void>((resolve) => dynamo.close(() => resolve()))]);
    },
  };
}

/** The package has no types. */
const createDynalite = createRequire(import.meta.url)('dynalite') as (options: Record<string, unknown>) => Server;
