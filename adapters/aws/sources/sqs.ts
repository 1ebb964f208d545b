import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import { type BrokerMessage, readMessages } from '../../../connectors/drivers/messages.ts';
import { TulleError } from '../../../event/error.ts';
import type { MessageBinding } from '../../../event/message.ts';
import type { PullContext, Source, SourceContext } from '../../../mesh/connector/source.ts';
import { requireAllowed } from '../sinks/allowed.ts';
import { type Arn, hostOf, parseArn } from '../sinks/arn.ts';
import { type AwsSinkSettings, credentialsOf } from '../sinks/aws-sink.ts';
import { createRuntimeHandler } from '../sinks/runtime-handler.ts';

export interface SqsSourceOptions {
  readonly arn: string;
  /** The name of a connection with `basic`: its user name is the id of an access key, its password the secret. */
  readonly connection?: string;
  /** How long SQS keeps a message from others that was handed out; 30–43,200, default 300. */
  readonly visibilitySeconds?: number;
}

interface Session {
  readonly client: SQSClient;
  /** Its requests go the way of the pull that is under way. */
  use(fetch: SourceContext<unknown>['fetch']): void;
  /** Messages of a call: fewer, once an answer was too long. */
  atOnce: number;
}

/** What `acknowledge` deletes. */
type Receipts = readonly string[];

/** What SQS takes and gives in a call. */
const BATCH = 10;
/** A pull makes 50 requests at most: one of them may be repeated. */
const CALLS = 40;
const VISIBILITY_SECONDS = 300;
/** Below it not every server of SQS is asked, and an empty answer says nothing. */
const WAIT_SECONDS = 1;
const sqsBinding: MessageBinding = { prefixes: ['ce_', 'ce-'], contentType: 'content-type' };

/**
 * Pulls the messages of a queue. SQS has no positions: a message stays there, unseen by others, until it is deleted, which
 * is done when its event is durable. What is not deleted in time is handed out again, with the same id.
 */
export function createSqsSource(settings: AwsSinkSettings): Source<SqsSourceOptions, Session> {
  function check(options: SqsSourceOptions): Arn {
    const arn = parseArn(options.arn, 'sqs');
    requireAllowed(options, settings);
    if (arn.region !== '' && arn.account !== '') return arn;
    throw new TulleError('target_invalid', 'The ARN of a queue has a region and an account.', {
      place: '/arn',
      mend: 'Copy it from the console of AWS: arn:aws:sqs:REGION:ACCOUNT:QUEUE',
    });
  }

  return {
    kind: 'sqs',
    description: 'Pulls the messages of a queue of Amazon SQS, and deletes them when they are published',
    platforms: ['aws', 'node'],
    divisible: true,
    schema: {
      type: 'object',
      required: ['arn'],
      additionalProperties: false,
      properties: {
        arn: { type: 'string', minLength: 12, maxLength: 1_200, description: 'the ARN of the queue' },
        connection: {
          type: 'string',
          minLength: 1,
          maxLength: 63,
          description:
            'a connection with basic: the id of an access key and its secret; absent for the role of the installation',
        },
        visibilitySeconds: {
          type: 'integer',
          minimum: 30,
          maximum: 43_200,
          description:
            'how long a message that was handed out is kept from others, default 300: longer than a pull and its publishing may take',
        },
      },
    },
    example: { arn: 'arn:aws:sqs:eu-west-1:123456789012:orders', connection: 'warehouse' },
    guarantees:
      'A message is deleted after its event is durable; before that it comes again, with the same id, which is the one that SQS gave it. One that is a CloudEvent (in the JSON format, or with `ce_` attributes) is that event; of any other the body is the data: JSON, a text, or bytes. A FIFO queue keeps the order of its groups. Messages count as received once a pull: give the queue a redrive policy with some to spare.',
    check: (options) => void check(options),

    async open(context) {
      const { options, authorize } = context;
      const arn = check(options);
      const credentials = await credentialsOf(options, `https://${hostOf(arn, arn.region)}/`, { authorize });
      const { SQSClient } = await import('@aws-sdk/client-sqs');
      let { fetch } = context;
      const client = new SQSClient({
        region: arn.region,
        ...(credentials && { credentials }),
        maxAttempts: 1,
        useQueueUrlAsEndpoint: false,
        requestHandler: createRuntimeHandler((request) => fetch(request)),
      });
      return { client, use: (next) => void (fetch = next), atOnce: BATCH };
    },

    async close({ client }) {
      client.destroy();
    },

    async pull(_position, context) {
      const messages = await receive(context);
      const { records, poison } = readMessages(sqsBinding, messages.map(toBrokerMessage));
      const receipt: Receipts = messages.flatMap(({ ReceiptHandle: handle }) => handle ?? []);
      const oldest = Math.min(...messages.map(sentAt));
      return {
        records,
        poison,
        position: {},
        done: messages.length === 0,
        receipt,
        ...(messages.length === 0 ? {} : { lag: { seconds: Math.max(0, (context.now() - oldest) / 1000) } }),
      };
    },

    async acknowledge({ receipt }, { options, session, fetch, signal }) {
      const handles = receipt as Receipts;
      session.use(fetch);
      const { DeleteMessageBatchCommand } = await import('@aws-sdk/client-sqs');
      const failed: string[] = [];
      for (let start = 0; start < handles.length; start += BATCH) {
        const Entries = handles
          .slice(start, start + BATCH)
          .map((handle, index) => ({ Id: String(index), ReceiptHandle: handle }));
        const { Failed = [] } = await ask(() =>
          session.client.send(new DeleteMessageBatchCommand({ QueueUrl: urlOf(options), Entries }), {
            abortSignal: signal,
          }),
        );
        failed.push(...Failed.map(({ Code = '' }) => Code));
      }
      if (failed.length === 0) return;
      throw new TulleError('unavailable', `SQS did not delete ${failed.length} messages: ${failed[0] ?? ''}`);
    },
  };
}

/** Until there are as many as were asked for, or none is left. */
async function receive(context: PullContext<SqsSourceOptions, Session>): Promise<readonly Message[]> {
  const { options, session, limit, fetch, signal } = context;
  session.use(fetch);
  const { ReceiveMessageCommand } = await import('@aws-sdk/client-sqs');
  const messages: Message[] = [];
  let bytes = 0;
  for (let calls = 0; calls < CALLS && messages.length < limit.records && bytes < limit.bytes; calls += 1) {
    const command = new ReceiveMessageCommand({
      QueueUrl: urlOf(options),
      MaxNumberOfMessages: Math.min(session.atOnce, limit.records - messages.length),
      VisibilityTimeout: options.visibilitySeconds ?? VISIBILITY_SECONDS,
      WaitTimeSeconds: WAIT_SECONDS,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['SentTimestamp', 'MessageGroupId'],
    });
    try {
      const { Messages: found = [] } = await ask(() => session.client.send(command, { abortSignal: signal }));
      if (found.length === 0) break;
      messages.push(...found);
      bytes = messages.reduce((sum, { Body: body = '' }) => sum + body.length, 0);
    } catch (error) {
      // Ten of a megabyte are more than an answer may have; those that were in it come again.
      const isTooLong = TulleError.is(error) && error.code === 'step_failed' && session.atOnce > 1;
      if (isTooLong) session.atOnce = 1;
      // What was received before is published, and deleted.
      else if (messages.length === 0) throw error;
      else break;
    }
  }
  return messages;
}

/** What SQS says is for the operator; the guard's own words are kept. */
async function ask<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    if (TulleError.is(error)) throw error;
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    throw new TulleError('unavailable', `SQS: ${name}: ${message}`.slice(0, 512), { cause: error });
  }
}

function urlOf(options: SqsSourceOptions): string {
  const arn = parseArn(options.arn, 'sqs');
  return `https://${hostOf(arn, arn.region)}/${arn.account}/${arn.resource}`;
}

function sentAt({ Attributes: attributes }: Message): number {
  return Number(attributes?.SentTimestamp ?? Number.NaN);
}

function toBrokerMessage(message: Message): BrokerMessage {
  const { MessageId: id = '', Body: text = '', MessageAttributes: attributes = {}, Attributes: system = {} } = message;
  const properties = Object.entries(attributes).map(([name, { StringValue: value, BinaryValue: bytes }]) => {
    return [name, value ?? bytes] as const;
  });
  const declared = properties.find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  const sent = sentAt(message);
  const isBinary = properties.some(([name]) => /^ce[-_]id$/.test(name));
  const contentType = typeof declared === 'string' ? declared : guessType(text, isBinary);
  return {
    id,
    contentType,
    properties,
    body: new TextEncoder().encode(text),
    ...(Number.isNaN(sent) ? {} : { time: new Date(sent).toISOString() }),
    ...(system.MessageGroupId === undefined ? {} : { subject: system.MessageGroupId }),
  };
}

const structured = 'application/cloudevents+json';

/** A message of SQS rarely says what it is; of what is no event the body itself is looked at later. */
function guessType(text: string, isBinary: boolean): string | undefined {
  if (isBinary) return isJson(text) ? 'application/json' : 'text/plain';
  return isWholeEvent(text) ? structured : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isWholeEvent(text: string): boolean {
  if (!text.startsWith('{') || !text.includes('"specversion"')) return false;
  try {
    const { specversion, id, source, type } = JSON.parse(text) as Record<string, unknown>;
    return specversion === '1.0' && [id, source, type].every((value) => typeof value === 'string');
  } catch {
    return false;
  }
}
