import { TulleError } from '../../../event/error.ts';
import { isAllowed } from './arn.ts';
import type { AwsOptions, AwsSinkSettings } from './aws-sink.ts';

/**
 * Without a connection it would be the installation's own role that asks: for that a resource must be on the operator's
 * list.
 * @throws TulleError `target_invalid`
 */
export function requireAllowed(
  { arn, connection }: Pick<AwsOptions, 'arn' | 'connection'>,
  { allowed }: AwsSinkSettings,
): void {
  if (connection !== undefined || isAllowed(arn, allowed)) return;
  throw new TulleError('target_invalid', 'This installation may not be used for this resource.', {
    place: '/arn',
    mend: 'Name a connection with an access key of your own, or ask the operator to add it to TULLE_AWS_TARGETS.',
  });
}
