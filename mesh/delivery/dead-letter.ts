import { toBase64 } from '../../event/base64.ts';
import type { Event } from '../../event/event.ts';
import { withAttributes } from '../../event/with-attributes.ts';
import type { LedgerRecord } from '../ledger.ts';
import { excerpt } from './response.ts';

/** How the delivery came to its end, as the history has it. */
export type DeadLetter = Pick<
  LedgerRecord,
  'tenant' | 'bus' | 'rule' | 'target' | 'attempt' | 'code' | 'failure' | 'exhausted' | 'reason'
>;

/**
 * The message attributes with which Amazon EventBridge sends an event to a dead-letter queue; values are text that SQS
 * takes. The ARNs are in the form of AWS, in a partition of our own.
 */
export function toEventBridgeAttributes(record: DeadLetter): Record<string, string> {
  const { tenant, bus, rule, target, attempt, exhausted, reason = '' } = record;
  return {
    RULE_ARN: `arn:tulle:events::${tenant}:rule/${bus}/${rule}`,
    TARGET_ARN: `arn:tulle:events::${tenant}:target/${bus}/${rule}/${target}`,
    ERROR_CODE: toErrorCode(record),
    // SQS refuses an attribute without a value, and control characters in one.
    ERROR_MESSAGE: excerpt(reason) || 'no reason was given',
    ...(exhausted === undefined ? {} : { EXHAUSTED_RETRY_CONDITION: conditions[exhausted] }),
    RETRY_ATTEMPTS: String(Math.max(0, attempt - 1)),
  };
}

/** The extension attributes with which a Knative Broker sends an event to a dead-letter sink. */
export interface KnativeErrorExtensions {
  /** The URL that did not take the event. */
  readonly knativeerrordest?: string;
  /** The status of its answer; 500 where there was none. */
  readonly knativeerrorcode: number;
  /** What it said, as base64, cut after 1,024 characters. */
  readonly knativeerrordata?: string;
}

/** `destination`: the target's URL, where it has one. What it said is the reason: its answer is not kept whole. */
export function toKnativeExtensions(record: DeadLetter, destination?: string): KnativeErrorExtensions {
  const said = new TextEncoder().encode(record.reason ?? '').subarray(0, knativeDataBytes);
  return {
    ...(destination ? { knativeerrordest: destination } : {}),
    knativeerrorcode: record.code ?? 500,
    // CloudEvents has no empty attributes.
    ...(said.length === 0 ? {} : { knativeerrordata: toBase64(said) }),
  };
}

/** The event as a Knative dead-letter sink expects it; its data stays as it is. */
export function toKnativeDeadLetter(event: Event, record: DeadLetter, destination?: string): Event {
  return withAttributes(event, { ...toKnativeExtensions(record, destination) });
}

/** Of targets whose options have one. */
export function addressOf(options: unknown): string | undefined {
  const isObject = typeof options === 'object' && options !== null;
  return isObject && 'url' in options && typeof options.url === 'string' ? options.url : undefined;
}

/** 1,024 characters of base64, which is where Knative cuts. */
const knativeDataBytes = 768;

const conditions = { attempts: 'MaximumRetryAttempts', age: 'MaximumEventAgeInSeconds' } as const;

/** In the words of EventBridge. */
function toErrorCode({ failure, code }: DeadLetter): string {
  if (failure === 'timeout') return 'TIMEOUT';
  if (failure === 'network') return 'CONNECTION_FAILURE';
  if (failure === 'refused') return 'INVALID_PARAMETER';
  if (code === undefined) return 'UNKNOWN';
  return errorCodes.get(code) ?? 'ERROR_FROM_TARGET';
}

const errorCodes: ReadonlyMap<number, string> = new Map([
  [400, 'INVALID_PARAMETER'],
  [401, 'NO_PERMISSIONS'],
  [403, 'NO_PERMISSIONS'],
  [404, 'NO_RESOURCE'],
  [407, 'NO_PERMISSIONS'],
  [410, 'NO_RESOURCE'],
  [413, 'INVALID_PARAMETER'],
  [415, 'INVALID_PARAMETER'],
  [422, 'INVALID_PARAMETER'],
  [429, 'THROTTLING'],
]);
