import type { FromSchema } from 'json-schema-to-ts';
import type { ErrorItem } from '../../event/error.ts';
import { parseIsoDuration } from '../../mesh/delivery/iso-duration.ts';
import { presetNames, presetOf } from '../../mesh/delivery/presets.ts';
import type { RetryPolicy } from '../../mesh/snapshot.ts';
import { durationSchema, formatDuration, parseDuration } from '../duration.ts';
import { faultOf } from '../validation.ts';

const isoDurationSchema = {
  type: 'string',
  maxLength: 32,
  description: 'an ISO 8601 duration, such as PT0.2S or PT1H',
} as const;

/** What is absent, the preset says. The last three are Knative's own. */
export const retrySchema = {
  type: 'object',
  properties: {
    preset: { enum: presetNames, default: 'default', description: 'the system whose retries are followed' },
    maxAttempts: {
      type: 'integer',
      minimum: 1,
      maximum: 186,
      description: 'the number of attempts with the first one, 1 to 186',
    },
    maxAge: durationSchema,
    backoffPolicy: { enum: ['linear', 'exponential'] },
    backoffDelay: isoDurationSchema,
    retryAfterMax: isoDurationSchema,
  },
  additionalProperties: false,
  default: {},
} as const;

export type RetryDocument = FromSchema<typeof retrySchema>;

/** What the schema cannot say. `place` is the retry's own. */
export function findRetryFaults(retry: RetryDocument, place: string): ErrorItem[] {
  const faults: ErrorItem[] = [];
  if (retry.maxAge !== undefined && parseDuration(retry.maxAge) > maxSeconds) {
    faults.push(faultOf(`${place}/maxAge`, 'maxAge must be at most 30d.'));
  }
  for (const member of ['backoffPolicy', 'backoffDelay', 'retryAfterMax'] as const) {
    if (retry[member] === undefined || retry.preset === 'knative') continue;
    const mend = `Remove ${member}, or set preset to knative.`;
    faults.push(faultOf(`${place}/${member}`, `${member} is for the preset knative.`, mend));
  }
  for (const member of ['backoffDelay', 'retryAfterMax'] as const) {
    const text = retry[member];
    if (text === undefined || isWithin(parseIsoDuration(text))) continue;
    const mend = `Give ${isoDurationSchema.description}.`;
    faults.push(faultOf(`${place}/${member}`, `${member} is not an ISO 8601 duration of at most P30D.`, mend));
  }
  return faults;
}

/** With everything that the preset says filled in, so that the document says what is kept. */
export function fillRetry(retry: RetryDocument): RetryDocument {
  const { preset, ...said } = retry;
  const { policy, backoff, retryAfterMaxSeconds } = presetOf({ preset });
  return {
    preset,
    maxAttempts: policy.maxAttempts,
    maxAge: formatDuration(policy.maxAgeSeconds),
    ...(backoff.kind === 'linear' || backoff.kind === 'exponential'
      ? {
          backoffPolicy: backoff.kind,
          backoffDelay: `PT${backoff.delaySeconds}S`,
          retryAfterMax: `PT${retryAfterMaxSeconds}S`,
        }
      : {}),
    ...said,
  };
}

/** What the mesh needs of it. A document that was stored before there were presets has none. */
export function toRetryPolicy(retry: Partial<RetryDocument>): RetryPolicy {
  const { preset = 'default', maxAttempts, maxAge, backoffPolicy, backoffDelay, retryAfterMax } = retry;
  const { policy } = presetOf({ preset });
  const delaySeconds = backoffDelay === undefined ? undefined : parseIsoDuration(backoffDelay);
  const retryAfterMaxSeconds = retryAfterMax === undefined ? undefined : parseIsoDuration(retryAfterMax);
  return {
    preset,
    maxAttempts: maxAttempts ?? policy.maxAttempts,
    maxAgeSeconds: maxAge === undefined ? policy.maxAgeSeconds : parseDuration(maxAge),
    ...(backoffPolicy === undefined || delaySeconds === undefined
      ? {}
      : { backoff: { kind: backoffPolicy, delaySeconds } }),
    ...(retryAfterMaxSeconds === undefined ? {} : { retryAfterMaxSeconds }),
  };
}

const maxSeconds = 30 * 86_400;

function isWithin(seconds: number | undefined): boolean {
  return seconds !== undefined && seconds <= maxSeconds;
}
