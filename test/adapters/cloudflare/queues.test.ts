import { describe, expect, it, onTestFinished } from 'vitest';
import { toText } from '../../../adapters/cloudflare/queues-message.ts';
import { createNodeSql } from '../../../adapters/node/sql.ts';
import type { Task } from '../../../mesh/ports/consumer.ts';
import type { Settlement } from '../../../mesh/ports/settlement.ts';
import { describeDeadLetters } from '../../conformance/dead-letters.ts';
import { describeEndToEnd } from '../../conformance/end-to-end.ts';
import { describeLanes } from '../../conformance/lanes.ts';
import { describeQueue, type QueueHost, type QueueUnderTest } from '../../conformance/queue.ts';
import { describeRedrive } from '../../conformance/redrive.ts';
import { describeSignOff } from '../../conformance/sign-off.ts';
import { describeThrottle } from '../../conformance/throttle.ts';
import { describeDeadLetterTarget } from '../../conformance/dead-letter-target.ts';
import { createEvent, createHarness, type Harness, withRule } from '../../mesh/harness.ts';
import { address, createMemoryBucket, openQueues, type QueuesUnderTest } from './queues-under-test.ts';

describeQueue('Cloudflare Queues under the clock of the test', run, {
  'loses nothing in a crash between append and drain, and repeats nothing that was settled':
    'queues are in memory here',
});
describeDeadLetters('Cloudflare Queues', run);
describeEndToEnd('Cloudflare Queues', createQueuesHarness);
describeLanes('Cloudflare Queues', createQueuesHarness);
describeRedrive('Cloudflare Queues', createQueuesHarness);
describeThrottle('Cloudflare Queues', createQueuesHarness);
describeSignOff('Cloudflare Queues', createQueuesHarness);
describeDeadLetterTarget('Cloudflare Queues', createQueuesHarness);

const hour = 3_600_000;

describe('what goes to Queues', () => {
  it('is everything that waits in no lane; the rest goes to the log', async () => {
    const { queue, broker, seen } = createBench();
    await queue.append(['direct'], [{ lane: 'rule/target', body: 'laned' }]);
    expect(broker.sent.flat().map(({ body }) => toText(body))).toEqual([expect.stringMatching(/direct$/)]);
    await queue.drain();
    expect(seen.toSorted()).toEqual(['direct', 'laned']);
  });

  it('fills batches up to 100 messages and 256 KB', async () => {
    const { queue, broker, seen } = createBench();
    await queue.append(Array.from({ length: 230 }, (_, index) => `m${index}`));
    expect(broker.sent.map((batch) => batch.length)).toEqual([100, 100, 30]);
    await queue.append(Array.from({ length: 10 }, (_, index) => String(index).repeat(60_000)));
    expect(broker.sent.slice(3).map((batch) => batch.length)).toEqual([4, 4, 2]);
    await queue.drain();
    expect(seen).toHaveLength(240);
  });

  it('is refused as unavailable when one batch of several does not get through', async () => {
    const { queue, broker, seen } = createBench();
    broker.refuse = (batch) => batch.length === 30;
    const messages = Array.from({ length: 130 }, (_, index) => `m${index}`);
    await expect(queue.append(messages)).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 });
    await queue.drain();
    expect(seen).toHaveLength(100);
    // The publisher sends again: at least once.
    broker.refuse = () => false;
    await queue.append(messages);
    await queue.drain();
    expect(new Set(seen)).toEqual(new Set(messages));
  });

  it('is kept in the log where it is to be deduplicated or a publisher waits for it', async () => {
    const { queue, broker } = createBench();
    const claims = { seconds: 60, events: [{ key: 'k', messages: [0], laned: [] }] };
    await queue.append(['once'], [], claims);
    await queue.append(['awaited'], [], undefined, { receipt: 'r', milliseconds: 1_000 });
    expect(broker.sent).toEqual([]);
  });

  it('is not what an archive keeps: that is delivered from the log', async () => {
    const { queue, broker, seen } = createBench();
    await queue.queue.append(address, { messages: ['passing'], archived: ['kept'] });
    expect(broker.sent.flat()).toHaveLength(1);
    await queue.drain();
    expect(seen.toSorted()).toEqual(['kept', 'passing']);
  });
});

describe('a body that is larger than a message of Queues', () => {
  // 127,800 bytes with the header.
  const large = '漢'.repeat(43_000);

  it('travels through the bucket, which is empty when it is settled', async () => {
    const { queue, broker, seen, bucket } = createBench();
    await queue.append(['small', large]);
    expect([...bucket.objects.values()]).toEqual([large]);
    expect(broker.sent.flat().every(({ body }) => body.length < 200)).toBe(true);
    await queue.drain();
    expect(seen).toEqual(['small', large]);
    expect(bucket.objects.size).toBe(0);
  });

  it('stays in the bucket while its message is handed back', async () => {
    const bench = createBench();
    bench.answer = () => {
      throw new Error('broken');
    };
    await bench.queue.append([large]);
    await bench.queue.drain();
    expect(bench.bucket.objects.size).toBe(1);
    bench.answer = settled;
    bench.now += hour;
    await bench.queue.drain();
    expect(bench.seen).toEqual([large, large]);
    expect(bench.bucket.objects.size).toBe(0);
  });

  it('is set aside with its reason when it is not there any more, and holds up no other', async () => {
    const { queue, seen, bucket, quarantined } = createBench();
    await queue.append(['small', large]);
    bucket.objects.clear();
    await queue.drain();
    expect(seen).toEqual(['small']);
    expect(quarantined()).toMatchObject([
      { body: expect.stringContaining('"c":"t/b/'), reason: expect.stringContaining('not in the bucket any more') },
    ]);
    expect(queue.nextAt()).toBeUndefined();
  });

  it('is asked for again when the bucket cannot be read', async () => {
    const bench = createBench();
    const { bucket } = bench;
    const get = bucket.get.bind(bucket);
    bucket.get = () => Promise.reject(new Error('R2 is not available'));
    await bench.queue.append([large]);
    await bench.queue.drain();
    expect(bench.seen).toEqual([]);
    bucket.get = get;
    bench.now += hour;
    await bench.queue.drain();
    expect(bench.seen).toEqual([large]);
  });
});

describe('a retry through Queues', () => {
  it('that is days away goes round in steps of 12 hours, and comes at its time', async () => {
    const bench = createBench();
    bench.answer = (messages) => ({
      retries: messages.filter((body) => body === 'first').map(() => ({ body: 'second', delayMs: 30 * hour + 500 })),
      records: [],
    });
    await bench.queue.append(['first']);
    await bench.queue.drain();
    const start = bench.now;
    const stops: number[] = [];
    for (let next = bench.queue.nextAt(); next !== undefined; next = bench.queue.nextAt()) {
      stops.push((next - start) / hour);
      bench.now = next;
      await bench.queue.drain();
    }
    // Queues delays by whole seconds.
    expect(stops).toEqual([12, 24, 30 + 1 / 3_600]);
    expect(bench.seen).toEqual(['first', 'second']);
    expect(bench.broker.sent.flat().map(({ delaySeconds }) => delaySeconds)).toEqual([0, 43_200, 43_200, 21_601]);
  });

  it('is sent before its message is acknowledged: when that fails, the message comes again', async () => {
    const bench = createBench();
    bench.answer = (messages) => ({ retries: messages.map((body) => ({ body: `${body}+`, delayMs: 0 })), records: [] });
    await bench.queue.append(['a']);
    bench.broker.refuse = () => true;
    await bench.queue.drain();
    bench.broker.refuse = () => false;
    bench.answer = (messages) =>
      messages.includes('a') ? { retries: [{ body: 'b', delayMs: 0 }], records: [] } : settled();
    bench.now += hour;
    await bench.queue.drain();
    expect(bench.seen).toEqual(['a', 'a', 'b']);
  });

  it('of a failing target with a lane waits in the log', async () => {
    const bench = createBench();
    bench.answer = (messages, turn) =>
      turn === undefined
        ? { retries: [{ body: 'later', delayMs: 1_000, lane: 'rule/target' }], records: [] }
        : { ...settled(), turn: { taken: messages.length, remains: [], delayMs: 0, ok: 1, failed: 0, gaveUp: false } };
    await bench.queue.append(['a']);
    await bench.queue.drain();
    expect(bench.broker.nextAt()).toBeUndefined();
    bench.now += 1_000;
    await bench.queue.drain();
    expect(bench.seen).toEqual(['a', 'later']);
  });
});

describe('the crash guard', () => {
  it('hands out each message by itself once its batch failed, later and later, and sets aside what never works', async () => {
    const bench = createBench({ maxRetries: 3 });
    const calls: (readonly string[])[] = [];
    bench.answer = (messages) => {
      calls.push(messages);
      if (messages.includes('poison')) throw new Error('cannot be handled');
      return settled();
    };
    await bench.queue.append(['a', 'poison', 'b']);
    const start = bench.now;
    const times: number[] = [];
    for (let next = bench.queue.nextAt(); next !== undefined; next = bench.queue.nextAt()) {
      times.push((next - start) / 1_000);
      bench.now = next;
      await bench.queue.drain();
    }
    expect(calls).toEqual([['a', 'poison', 'b'], ['a'], ['poison'], ['b'], ['poison'], ['poison']]);
    expect(times).toEqual([0, 1, 3, 7]);
    expect(bench.quarantined()).toEqual([
      { body: 'poison', reason: expect.stringContaining('could not be dispatched') },
    ]);
  });

  it('keeps the body of a large one, and leaves nothing in the bucket', async () => {
    const bench = createBench({ maxRetries: 0 });
    bench.answer = () => {
      throw new Error('cannot be handled');
    };
    const large = 'x'.repeat(200_000);
    await bench.queue.append([large]);
    await bench.queue.drain();
    expect(bench.quarantined()).toMatchObject([{ body: large }]);
    expect(bench.bucket.objects.size).toBe(0);
  });

  it('keeps what others sent to the queue, as it is', async () => {
    const bench = createBench({ maxRetries: 1 });
    await bench.broker.sendBatch([{ body: new TextEncoder().encode('not ours'), contentType: 'bytes' }]);
    for (let minute = 0; minute < 3; minute++) {
      await bench.queue.drain();
      bench.now += 60_000;
    }
    expect(bench.seen).toEqual([]);
    expect(bench.quarantined()).toMatchObject([{ body: 'not ours' }]);
  });
});

describe('an event on a bus with Queues', () => {
  it('shares a message of at most 64 KB with others of its request', async () => {
    const sizes: number[] = [];
    const harness = createQueuesHarness({}, (body) => sizes.push(body.length));
    await withRule(harness, { targets: [{ name: 'crm', http: { url: 'https://crm.example.com/hook' } }] });
    const events = Array.from({ length: 40 }, (_, index) => createEvent(`e${index}`, { data: 'x'.repeat(5_000) }));
    expect((await harness.publish(events)).status).toBe(202);
    expect(sizes).toHaveLength(4);
    expect(Math.max(...sizes)).toBeLessThan(64_000);
    await harness.drain();
    expect(harness.received).toHaveLength(40);
    expect(await harness.deliveries('status=delivered')).toHaveLength(40);
  });

  it('is in the books from when it ends, or waits in the log', async () => {
    const harness = createQueuesHarness();
    await withRule(harness);
    const read = async (): Promise<unknown> => (await harness.admin('GET', '/v1/buses/default/books')).json();
    harness.answer = ({ headers }) => new Response(null, { status: headers.get('ce-id') === 'bad' ? 400 : 204 });
    await harness.publish([createEvent('good'), createEvent('bad')]);
    expect(await read()).toMatchObject({ balanced: true, planned: 0 });
    await harness.drain();
    expect(await read()).toMatchObject({ balanced: true, planned: 2, delivered: 1, deadLettered: 1, pending: 0 });
    // A target that does not answer gets a lane, which is in the log.
    harness.answer = () => {
      throw new TypeError('refused');
    };
    await harness.publish(Array.from({ length: 20 }, (_, index) => createEvent(`e${index}`)));
    await harness.drain();
    expect(await read()).toMatchObject({ balanced: true, delivered: 1, deadLettered: 1 });
    harness.answer = () => new Response(null, { status: 204 });
    await harness.drain(harness.now + 3_600_000);
    expect(await read()).toMatchObject({ balanced: true, planned: 22, delivered: 21, deadLettered: 1, pending: 0 });
  });
});

async function run(host: QueueHost, work: (queue: QueueUnderTest) => Promise<void>): Promise<void> {
  const sql = createNodeSql(':memory:');
  await work(openQueues(host, { bucket: createMemoryBucket(), reopen: () => sql }));
  await sql.close();
}

function settled(): Settlement {
  return { retries: [], records: [] };
}

interface Bench {
  readonly queue: QueuesUnderTest;
  readonly broker: QueuesUnderTest['broker'];
  readonly bucket: ReturnType<typeof createMemoryBucket>;
  readonly seen: string[];
  readonly quarantined: () => readonly unknown[];
  now: number;
  answer: (messages: readonly string[], turn?: Task) => Settlement;
}

function createBench(options: { maxRetries?: number } = {}): Bench {
  const sql = createNodeSql(':memory:');
  onTestFinished(() => sql.close());
  const bucket = createMemoryBucket();
  const seen: string[] = [];
  const host: QueueHost = {
    now: () => bench.now,
    consume: async (messages, turn) => {
      seen.push(...messages);
      return bench.answer(messages, turn);
    },
  };
  const queue = openQueues(host, { ...options, bucket, reopen: () => sql });
  const bench: Bench = {
    queue,
    broker: queue.broker,
    bucket,
    seen,
    quarantined: () => sql.run('SELECT body, reason FROM quarantine').rows,
    now: 1_700_000_000_000,
    answer: settled,
  };
  return bench;
}

/** The mesh of the tests, and every bus in it on Queues; `sent` is told of what they are given. */
function createQueuesHarness(
  options: Parameters<typeof createHarness>[0] = {},
  sent: (body: Uint8Array) => void = () => {},
): Harness {
  const sql = createNodeSql(':memory:');
  const harness = createHarness({
    ...options,
    queues: ['cloudflare-queues'],
    createQueue(host) {
      const queue = openQueues(host, { bucket: createMemoryBucket(), reopen: () => sql });
      queue.broker.refuse = (batch) => {
        for (const { body } of batch) sent(body);
        return false;
      };
      return queue;
    },
  });
  const admin = harness.admin.bind(harness);
  return Object.assign(harness, {
    admin: (method: string, path: string, body?: unknown) =>
      method === 'PUT' && /^\/v1\/admin\/buses\/[^/]+$/.test(path)
        ? admin(method, path, { ...(body as object), queue: 'cloudflare-queues' })
        : admin(method, path, body),
  });
}
