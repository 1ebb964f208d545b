import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createSockets } from '../../adapters/node/sockets.ts';
import { createKafkaSink } from '../../connectors/sinks/kafka.ts';
import { fromObject } from '../../event/create.ts';
import type { Position } from '../../mesh/connector/source.ts';
import { findKafka, startKafka } from '../services/kafka.ts';
import { createKafkaTools, kafkaUrl, pullKafka } from './kafka.ts';
import { nodeContext } from './sinks/context.ts';

const jars = kafkaUrl === '' ? undefined : findKafka();
if (jars === undefined) console.log('Kafka killed in the middle: skipped, there is no Kafka of our own to kill.');

it.skipIf(jars === undefined)('loses nothing when the broker dies in the middle', { timeout: 240_000 }, async () => {
  const server = await startKafka(jars ?? '');
  const tools = createKafkaTools(server.url);
  const sink = createKafkaSink();
  try {
    const topic = await tools.createTopic(3);
    const context = nodeContext({
      secrets: { get: async () => server.url },
      sockets: createSockets({ allowPrivateTargets: true }),
    });
    const batches = 60;
    const size = 10;
    const pulled = new Set<string>();
    let failures = 0;

    /** As the mesh does: what failed is tried again. */
    async function push(): Promise<void> {
      for (let batch = 0; batch < batches; batch += 1) {
        let left = Array.from({ length: size }, (_, index) => batch * size + index);
        while (left.length > 0) {
          const deliveries = left.map((number) => ({
            event: fromObject({ specversion: '1.0', id: `e${number}`, source: '/x', type: 'x', data: { number } }),
            id: `msg_${number}`,
            attempt: 1,
          }));
          const options = { secret: 'url', topic, timeoutSeconds: 5 };
          const results = await sink.deliver(deliveries, options, context);
          left = left.filter((_, index) => results[index]?.ok !== true);
          if (left.length > 0) {
            failures += 1;
            await pause(300);
          }
        }
        await pause(20);
      }
    }

    /** As a task does: the position moves with what was pulled, and stays where a pull fails. */
    async function pull(): Promise<void> {
      let position: Position | undefined;
      while (pulled.size < batches * size) {
        try {
          const { records, position: next } = await pullKafka(server.url, { topic }, position);
          for (const { id } of records) pulled.add(id);
          position = next;
        } catch {
          failures += 1;
          await pause(300);
        }
      }
    }

    async function disturb(): Promise<void> {
      await expect.poll(() => pulled.size, { timeout: 60_000 }).toBeGreaterThan(50);
      server.kill();
      await pause(1_000);
      await server.revive();
    }

    await Promise.all([push(), pull(), disturb()]);
    expect(failures).toBeGreaterThan(0);
    const expected = Array.from({ length: batches * size }, (_, number) => `e${number}`).sort();
    expect([...pulled].sort()).toEqual(expected);
    const ids = (await tools.read(topic)).map(({ headers }) => headers?.['ce_id']);
    expect(new Set(ids)).toEqual(new Set(expected));
  } finally {
    await sink.close?.();
    await tools.close().catch(() => undefined);
    server.stop();
  }
});
