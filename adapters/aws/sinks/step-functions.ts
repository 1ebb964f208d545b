import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Sink } from '../../../mesh/sink.ts';
import { type AwsOptions, type AwsSinkSettings, createAwsSink, toToken } from './aws-sink.ts';
import { type Content, contentSchema, toBody } from './content.ts';

export interface StepFunctionsOptions extends AwsOptions {
  readonly content?: Content;
}

export function createStepFunctionsSink(settings: AwsSinkSettings): Sink<StepFunctionsOptions> {
  return createAwsSink<SFNClient, StepFunctionsOptions>(
    {
      kind: 'stepFunctions',
      description: 'Starts an execution of a state machine of AWS Step Functions with each event, once for a delivery',
      example: { arn: 'arn:aws:states:eu-west-1:123456789012:stateMachine:ship' },
      guarantees: 'The execution has the name of the delivery: a repetition starts no second one for 90 days.',
      service: 'states',
      properties: { content: contentSchema },
      async createClient(client) {
        const { SFNClient } = await import('@aws-sdk/client-sfn');
        return new SFNClient(client);
      },
      async send({ client, options, signal }, [delivery]) {
        if (delivery === undefined) return [];
        const { StartExecutionCommand } = await import('@aws-sdk/client-sfn');
        try {
          await client.send(
            new StartExecutionCommand({
              stateMachineArn: options.arn,
              name: toToken(delivery.id),
              input: toBody(delivery.event, options.content),
            }),
            { abortSignal: signal },
          );
        } catch (error) {
          // An attempt whose answer was lost has started it.
          if (!(error instanceof Error && error.name === 'ExecutionAlreadyExists')) throw error;
        }
        return [{ ok: true }];
      },
    },
    settings,
  );
}
