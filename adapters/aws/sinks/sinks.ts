import type { Sink } from '../../../mesh/sink.ts';
import type { AwsSinkSettings } from './aws-sink.ts';
import { createDynamodbSink } from './dynamodb.ts';
import { createEventBridgeSink } from './event-bridge.ts';
import { createLambdaSink } from './lambda.ts';
import { createSnsSink } from './sns.ts';
import { createSqsSink } from './sqs.ts';
import { createStepFunctionsSink } from './step-functions.ts';

/** The sinks to services of AWS: on Lambda and on Node. A client is loaded when the first event goes to its service. */
export function createAwsSinks(settings: AwsSinkSettings): readonly Sink[] {
  return [
    createSqsSink(settings) as Sink,
    createSnsSink(settings) as Sink,
    createLambdaSink(settings) as Sink,
    createDynamodbSink(settings) as Sink,
    createStepFunctionsSink(settings) as Sink,
    createEventBridgeSink(settings) as Sink,
  ];
}
