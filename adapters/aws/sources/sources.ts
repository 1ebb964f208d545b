import type { Source } from '../../../mesh/connector/source.ts';
import type { AwsSinkSettings } from '../sinks/aws-sink.ts';
import { createSqsSource } from './sqs.ts';

/** The sources of services of AWS: on Lambda and on Node. A client is loaded when the first pull needs it. */
export function createAwsSources(settings: AwsSinkSettings): readonly Source[] {
  return [createSqsSource(settings) as Source];
}
