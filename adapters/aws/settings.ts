import { TulleError } from '../../event/error.ts';
import type { MasterKeys } from '../../mesh/connections/vault.ts';
import type { AwsSettings } from './platform.ts';
import { readAwsTargets } from './sinks/arn.ts';

/** How a function is to run, as serverless.yml says in its environment. */
export interface FunctionSettings extends AwsSettings {
  /** `TULLE_ADMIN_KEY`; without it nobody gets in. */
  readonly adminKey: string | undefined;
  /** `TULLE_MASTER_KEY` and `TULLE_MASTER_KEY_PREVIOUS`; without one no secret can be stored. */
  readonly masterKeys: MasterKeys;
  /** `TULLE_ALLOW_PRIVATE_TARGETS`, `true` for development only. */
  readonly allowPrivateTargets: boolean;
  /** `TULLE_AWS_TARGETS`: ARNs with `*` that targets may name without keys of their own; none by default. */
  readonly awsTargets: readonly string[];
  /** `TULLE_EVENTBRIDGE_BUS`, default `default`: the bus that events of EventBridge are published to. */
  readonly eventBridgeBus: string;
}

/** @throws TulleError `request_invalid` with the name of the variable as its place */
export function readSettings(env: Readonly<Record<string, string | undefined>>): FunctionSettings {
  return {
    table: require(env, 'TULLE_TABLE'),
    queueUrl: require(env, 'TULLE_QUEUE_URL'),
    bucket: require(env, 'TULLE_BUCKET'),
    adminKey: env['TULLE_ADMIN_KEY'],
    masterKeys: { current: env['TULLE_MASTER_KEY'], previous: env['TULLE_MASTER_KEY_PREVIOUS'] },
    allowPrivateTargets: env['TULLE_ALLOW_PRIVATE_TARGETS'] === 'true',
    awsTargets: readAwsTargets(env['TULLE_AWS_TARGETS']),
    eventBridgeBus: env['TULLE_EVENTBRIDGE_BUS'] ?? 'default',
  };
}

function require(env: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  throw new TulleError('request_invalid', `${name} is not set.`, {
    place: name,
    mend: 'Deploy with the serverless.yml of the project, which sets it.',
  });
}
