import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSqsSource, type SqsSourceOptions } from '../../../../adapters/aws/sources/sqs.ts';
import { createGuardedFetch } from '../../../../mesh/functions/guarded-fetch.ts';
import type { Pulled, PullContext, Source } from '../../../../mesh/connector/source.ts';
import { describeSource } from '../../../conformance/source.ts';
import { type AwsServices, startAws } from '../../../services/aws.ts';

const region = 'us-east-1';
const account = '000000000000';
const source = createSqsSource({ allowed: [`arn:aws:sqs:${region}:${account}:*`] }) as Source;
let services: AwsServices;
let queueUrl: string;
let arn: string;
let queues = 0;

beforeAll(async () => {
  services = await startAws();
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('AWS_ENDPOINT_URL_SQS', services.sqsUrl);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await services.stop();
});

beforeEach(() => {
  queues += 1;
  ({ queueUrl } = services.fauxqs.createQueue(`orders-${queues}`));
  arn = `arn:aws:sqs:${region}:${account}:orders-${queues}`;
});

afterEach(() => services.fauxqs.deleteQueue(`orders-${queues}`));

describeSource('sqs', async () => {
  const sqs = await services.clients.sqs();
  const handedOut: string[] = [];
  return {
    source: {
      ...source,
      async pull(position, context) {
        const pulled = await source.pull(position, context);
        handedOut.push(...(pulled.receipt as string[]));
        return pulled;
      },
    },
    options: { arn },
    async add(numbers) {
      for (let start = 0; start < numbers.length; start += 10) {
        const Entries = numbers
          .slice(start, start + 10)
          .map((number) => ({ Id: String(number), MessageBody: JSON.stringify({ number }) }));
        await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
      }
    },
    numberOf: ({ dataJson = '{}' }) => (JSON.parse(dataJson) as { number: number }).number,
    async redeliver() {
      for (const ReceiptHandle of handedOut.splice(0)) {
        const command = new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle, VisibilityTimeout: 0 });
        // What was deleted is not there any more.
        await sqs.send(command).catch(() => undefined);
      }
    },
    close: async () => undefined,
  };
});

describe('the source sqs', () => {
  async function send(MessageBody: string, more: object = {}): Promise<string> {
    const sqs = await services.clients.sqs();
    const { MessageId: id = '' } = await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody, ...more }));
    return id;
  }

  async function withContext<Result>(
    work: (context: PullContext<unknown, unknown>) => Promise<Result>,
    options: Partial<SqsSourceOptions> = {},
  ): Promise<Result> {
    const { signal } = new AbortController();
    const policy = { allowPrivateTargets: true };
    const guarded = createGuardedFetch({ runtime: { fetch: (request) => fetch(request) }, policy });
    const base = {
      options: { arn, ...options },
      fetch: (input: string | URL | Request, init?: RequestInit) => guarded(input, init, signal),
      authorize: () => Promise.reject(new Error('there are no connections')),
      secret: () => Promise.reject(new Error('there are no secrets')),
      policy,
      signal,
      now: Date.now,
    };
    const session = await source.open?.(base);
    const limit = { records: 100, bytes: 16_777_216 };
    try {
      return await work({ ...base, session, phase: 'incremental', partition: { index: 0, count: 1 }, limit });
    } finally {
      await source.close?.(session);
    }
  }

  const pull = (): Promise<Pulled> => withContext((context) => source.pull(undefined, context));

  it('takes a CloudEvent as it is, and anything else as data', async () => {
    const data = '{"total":12345678901234567890, "b":1.10}';
    await send(`{"specversion":"1.0","id":"e1","source":"/shop","type":"order.paid","data":${data}}`);
    const text = await send('plain words');
    const number = await send('17');
    const declared = await send('a,b', {
      MessageAttributes: { 'content-type': { DataType: 'String', StringValue: 'text/csv' } },
    });
    const attributes = { id: 'e2', source: '/shop', type: 'order.sent', specversion: '1.0' };
    await send('{"x":1}', {
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [`ce_${name}`, { DataType: 'String', StringValue: value }]),
      ),
    });
    const { records, poison } = await pull();
    expect(poison).toEqual([]);
    const found = new Map(records.map((record) => [record.id, record]));
    expect(found.get('e1')).toMatchObject({ source: '/shop', type: 'order.paid', dataJson: data });
    expect(found.get(text)).toMatchObject({ dataJson: '"plain words"', datacontenttype: 'text/plain' });
    expect(found.get(number)).toMatchObject({ dataJson: '17' });
    expect(Date.parse(found.get(number)?.time ?? '')).toBeGreaterThan(Date.now() - 60_000);
    expect(found.get(declared)).toMatchObject({ dataJson: '"a,b"', datacontenttype: 'text/csv' });
    expect(found.get('e2')).toMatchObject({ type: 'order.sent', dataJson: '{"x":1}' });
  });

  it('sets a message aside that says it is an event and is none, and deletes it with the others', async () => {
    await send('{"specversion":"1.0","id":"e1","source":"not a uri reference %","type":"t"}');
    await send('{"ok":true}');
    await withContext(async (context) => {
      const pulled = await source.pull(undefined, context);
      expect([pulled.records.length, pulled.poison?.length]).toEqual([1, 1]);
      await source.acknowledge?.(pulled, context);
    });
    const sqs = await services.clients.sqs();
    const { Attributes: counts } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: queueUrl,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    );
    expect(counts).toEqual({ ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '0' });
  });

  it('takes messages of a megabyte, one by one where ten are more than an answer may have', async () => {
    const ids = new Set<string>();
    for (let index = 0; index < 6; index += 1) ids.add(await send(JSON.stringify('x'.repeat(1_000_000))));
    await withContext(async (context) => {
      const seen = new Set<string>();
      const sqs = await services.clients.sqs();
      for (let pulls = 0; pulls < 4 && seen.size < ids.size; pulls += 1) {
        const pulled = await source.pull(undefined, context);
        for (const { id } of pulled.records) seen.add(id);
        await source.acknowledge?.(pulled, context);
        // Those of the answer that was too long would come again after minutes.
        for (const { receiptHandle } of services.fauxqs.inspectQueue(`orders-${queues}`)?.messages.inflight ?? []) {
          const command = { QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: 0 };
          await sqs.send(new ChangeMessageVisibilityCommand(command)).catch(() => undefined);
        }
      }
      expect(seen).toEqual(ids);
    });
  });

  it('says how far behind it is, by the oldest message', async () => {
    await send('1');
    const { lag } = await withContext((context) =>
      source.pull(undefined, { ...context, now: () => Date.now() + 90_000 }),
    );
    expect(lag?.seconds).toBeGreaterThan(85);
  });

  it('may use the role of the installation only where the operator allows it', () => {
    const closed = createSqsSource({ allowed: [] });
    expect(() => closed.check?.({ arn }, { allowPrivateTargets: false })).toThrow('may not be used');
    expect(() => closed.check?.({ arn, connection: 'own' }, { allowPrivateTargets: false })).not.toThrow();
    expect(() => closed.check?.({ arn: 'arn:aws:sqs:::x', connection: 'o' }, { allowPrivateTargets: false })).toThrow();
  });

  it('says what SQS says where there is no such queue', async () => {
    const nobody = { arn: `arn:aws:sqs:${region}:${account}:nobody` };
    const pulling = withContext((context) => source.pull(undefined, context), nobody);
    await expect(pulling).rejects.toMatchObject({ code: 'unavailable', message: expect.stringMatching(/^SQS: /) });
  });
});
