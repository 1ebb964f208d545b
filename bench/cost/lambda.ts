import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteMessageBatchCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { type AwsPlatform, createAwsPlatform } from '../../adapters/aws/platform.ts';
import { createMemorySecrets } from '../../adapters/memory/secrets.ts';
import { createMesh, type Mesh } from '../../adapters/mesh.ts';
import { startAws } from '../../test/services/aws.ts';
import { type Costs, type Counter, createCounter, priceOf } from './costs.ts';
import { assumed, prices } from './prices.ts';
import { adminKey, createRuntime, run, type Scenario, setUp } from './scenario.ts';

const { aws } = prices;

/** What the mesh on AWS asks of each service, counted at the clients of the SDK, on emulators. */
export async function measureLambda(scenarios: readonly Scenario[]): Promise<Costs[]> {
  const services = await startAws();
  try {
    const installation = await services.createInstallation();
    const { queueUrl } = installation;
    const sqs = await services.clients.sqs();
    const counter = createCounter();
    countUnits(await services.clients.dynamo(), counter);
    countRequests(sqs, counter);
    const runtime = createRuntime();
    const platform: AwsPlatform = createAwsPlatform({
      settings: installation,
      consume: (messages, task) => mesh.dispatch(messages, task),
      retention: (tenant, bus) => mesh.retention(tenant, bus),
      now: runtime.now,
      pause: runtime.pause,
      report: (message, error) => console.error(message, error),
      clients: services.clients,
    });
    const mesh: Mesh = createMesh({
      ...platform.ports,
      secrets: createMemorySecrets({}),
      runtime,
      adminKey,
      allowPrivateTargets: false,
      exactLength: true,
      report: (message, error) => console.error(message, error),
    });

    /** As the mapping of Lambda does it: ten messages at most, which are deleted together. */
    async function drain(): Promise<void> {
      for (;;) {
        const { Messages: messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
        );
        // Nobody is billed for the look that found nothing: the mapping's pollers wait.
        if (messages.length === 0) return counter.count('sqs', -1);
        const before = runtime.delivered();
        const { batchItemFailures } = await platform.consumeSqs(
          messages.map(({ MessageId: messageId = '', Body: body = '' }) => ({ messageId, body, attributes: {} })),
        );
        if (batchItemFailures.length > 0) throw new Error('something could not be settled');
        countDispatch(runtime.delivered() - before);
        const handles = messages.map(({ ReceiptHandle: handle }, index) => ({ Id: `${index}`, ReceiptHandle: handle }));
        await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: handles }));
      }
    }

    function countDispatch(deliveries: number): void {
      const { dispatchFunctionSeconds, dispatchSecondsPerRound, lambdaGigabytes } = assumed;
      const seconds = dispatchFunctionSeconds + Math.floor((deliveries - 1) / 6) * dispatchSecondsPerRound;
      counter.count('invocations');
      counter.count('GB-s', seconds * lambdaGigabytes);
    }

    await setUp(mesh);
    const costs: Costs[] = [];
    for (const scenario of scenarios) {
      counter.reset();
      await run(scenario, mesh, { drain, delivered: runtime.delivered });
      const requests = scenario.events / scenario.batch;
      counter.count('HTTP', requests);
      counter.count('invocations', requests);
      counter.count('GB-s', requests * assumed.httpFunctionSeconds * assumed.lambdaGigabytes);
      const operations = counter.perMillion(scenario);
      costs.push({ scenario, operations, dollars: priceOf(operations, each) });
    }
    return costs;
  } finally {
    await services.stop();
  }
}

const each = {
  HTTP: aws.httpApiRequest,
  invocations: aws.lambdaRequest,
  'GB-s': aws.lambdaGigabyteSecond,
  sqs: aws.sqsRequest,
  writes: aws.dynamoWriteUnit,
  reads: aws.dynamoReadUnit,
};

/** The emulator reckons units as DynamoDB does: a kilobyte written, four read. */
function countUnits(client: DynamoDBClient, counter: Counter): void {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const result = await next({
          ...args,
          input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } as typeof args.input,
        });
        const consumed = Reflect.get(result.output, 'ConsumedCapacity') as Consumed | Consumed[] | undefined;
        const units = [consumed].flat().reduce((sum, one) => sum + (one?.CapacityUnits ?? 0), 0);
        counter.count(/Get|Query/.test(commandName) ? 'reads' : 'writes', units);
        return result;
      },
    { step: 'initialize', name: 'units' },
  );
}

interface Consumed {
  readonly CapacityUnits?: number;
}

/** A request for each 64 KiB, whatever it is. */
function countRequests(client: SQSClient, counter: Counter): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const { MessageBody = '', Entries = [] } = args.input as {
        MessageBody?: string;
        Entries?: { MessageBody?: string }[];
      };
      const bodies = [MessageBody, ...Entries.map((entry) => entry.MessageBody ?? '')];
      counter.count('sqs', Math.max(1, Math.ceil(Buffer.byteLength(bodies.join('')) / 65_536)));
      return next(args);
    },
    { step: 'initialize', name: 'requests' },
  );
}
