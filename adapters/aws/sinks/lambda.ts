import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { Sink } from '../../../mesh/sink.ts';
import { type AwsOptions, type AwsSinkSettings, createAwsSink } from './aws-sink.ts';
import { type Content, contentSchema, toBody } from './content.ts';

export interface LambdaOptions extends AwsOptions {
  readonly content?: Content;
  /** `event`, the default: Lambda queues it, and tries again by itself. `request`: the delivery waits for the function. */
  readonly invocation?: 'event' | 'request';
}

export function createLambdaSink(settings: AwsSinkSettings): Sink<LambdaOptions> {
  return createAwsSink<LambdaClient, LambdaOptions>(
    {
      kind: 'lambda',
      description: 'Invokes a function of AWS Lambda with each event',
      example: { arn: 'arn:aws:lambda:eu-west-1:123456789012:function:score', invocation: 'request' },
      guarantees:
        'With `invocation: "request"` the delivery waits for the function, and what it throws is a failure that is tried again.',
      service: 'lambda',
      properties: {
        content: contentSchema,
        invocation: {
          enum: ['event', 'request'],
          description: 'event (default): Lambda queues it; request: the delivery waits for the function',
        },
      },
      async createClient(client) {
        const { LambdaClient } = await import('@aws-sdk/client-lambda');
        return new LambdaClient(client);
      },
      async send({ client, options, signal }, [delivery]) {
        if (delivery === undefined) return [];
        const { InvokeCommand } = await import('@aws-sdk/client-lambda');
        const { content, invocation = 'event' } = options;
        const { FunctionError: failure } = await client.send(
          new InvokeCommand({
            FunctionName: options.arn,
            InvocationType: invocation === 'event' ? 'Event' : 'RequestResponse',
            Payload: new TextEncoder().encode(toBody(delivery.event, content)),
          }),
          { abortSignal: signal },
        );
        return [
          failure === undefined ? { ok: true } : { ok: false, code: 502, reason: `the function failed: ${failure}` },
        ];
      },
    },
    settings,
  );
}
