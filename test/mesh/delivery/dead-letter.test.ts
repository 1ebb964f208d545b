import { describe, expect, it } from 'vitest';
import { fromBase64 } from '../../../event/base64.ts';
import { fromJson } from '../../../event/json-format.ts';
import {
  type DeadLetter,
  toEventBridgeAttributes,
  toKnativeDeadLetter,
  toKnativeExtensions,
} from '../../../mesh/delivery/dead-letter.ts';

const record: DeadLetter = {
  tenant: 'acme',
  bus: 'orders',
  rule: 'to-crm',
  target: 'crm',
  attempt: 24,
  failure: 'response',
  code: 503,
  exhausted: 'attempts',
  reason: 'all 24 attempts failed; the last: the target answered 503: busy',
};

describe("EventBridge's attributes", () => {
  it('say where the event should have gone, and why it did not', () => {
    expect(toEventBridgeAttributes(record)).toEqual({
      RULE_ARN: 'arn:tulle:events::acme:rule/orders/to-crm',
      TARGET_ARN: 'arn:tulle:events::acme:target/orders/to-crm/crm',
      ERROR_CODE: 'ERROR_FROM_TARGET',
      ERROR_MESSAGE: record.reason,
      EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
      RETRY_ATTEMPTS: '23',
    });
    expect(toEventBridgeAttributes({ ...record, exhausted: 'age' })).toMatchObject({
      EXHAUSTED_RETRY_CONDITION: 'MaximumEventAgeInSeconds',
    });
  });

  it('name a condition only where one ended the delivery', () => {
    const { exhausted: _, ...atOnce } = record;
    const attributes = toEventBridgeAttributes({ ...atOnce, attempt: 1, code: 400 });
    expect(attributes).not.toHaveProperty('EXHAUSTED_RETRY_CONDITION');
    expect(attributes).toMatchObject({ ERROR_CODE: 'INVALID_PARAMETER', RETRY_ATTEMPTS: '0' });
  });

  it.each([
    [{ failure: 'timeout' }, 'TIMEOUT'],
    [{ failure: 'network' }, 'CONNECTION_FAILURE'],
    [{ failure: 'refused' }, 'INVALID_PARAMETER'],
    [{ failure: 'response', code: 429 }, 'THROTTLING'],
    [{ failure: 'response', code: 403 }, 'NO_PERMISSIONS'],
    [{ failure: 'response', code: 404 }, 'NO_RESOURCE'],
    [{ failure: 'response', code: 302 }, 'ERROR_FROM_TARGET'],
    [{}, 'UNKNOWN'],
  ] as const)('call %j %s', (failure, code) => {
    const { failure: _failure, code: _code, ...rest } = record;
    expect(toEventBridgeAttributes({ ...rest, ...failure })['ERROR_CODE']).toBe(code);
  });

  it('have values that SQS takes', () => {
    const { reason: _, ...silent } = record;
    expect(toEventBridgeAttributes(silent)['ERROR_MESSAGE']).toBe('no reason was given');
    const message = toEventBridgeAttributes({ ...record, reason: `a\u0000b\n${'x'.repeat(2_000)}` })['ERROR_MESSAGE'];
    expect(message).toMatch(/^a b x+$/);
    expect(message).toHaveLength(512);
  });
});

describe("Knative's extensions", () => {
  const destination = 'http://crm.orders.svc.example/hook';

  it('say who did not take the event, and what it answered', () => {
    const { knativeerrordata = '', ...others } = toKnativeExtensions({ ...record, reason: 'größer' }, destination);
    expect(others).toEqual({ knativeerrordest: destination, knativeerrorcode: 503 });
    expect(new TextDecoder().decode(fromBase64(knativeerrordata))).toBe('größer');
  });

  it.each([
    [767, 1_024],
    [768, 1_024],
    [769, 1_024],
    [5_000, 1_024],
    [1, 4],
  ])('make %d bytes to %d characters', (bytes, characters) => {
    const { knativeerrordata } = toKnativeExtensions({ ...record, reason: 'x'.repeat(bytes) }, destination);
    expect(knativeerrordata).toHaveLength(characters);
  });

  it('have 500 where there was no answer, and nothing where there is nothing to say', () => {
    const { code: _code, reason: _reason, ...silent } = record;
    expect(toKnativeExtensions(silent)).toEqual({ knativeerrorcode: 500 });
    expect(toKnativeExtensions({ ...silent, reason: '' }, '')).toEqual({ knativeerrorcode: 500 });
  });

  it('go with the event, in the place of those of an earlier failure', () => {
    const event = fromJson(
      '{"specversion":"1.0","id":"1","source":"/s","type":"t","knativeerrorcode":404,"data":{"n":12345678901234567890}}',
    );
    const dead = toKnativeDeadLetter(event, record, destination);
    expect(dead.attributes).toMatchObject({ id: '1', knativeerrordest: destination, knativeerrorcode: 503 });
    expect(fromJson(dead.json).attributes).toEqual(dead.attributes);
    expect(dead.json).toContain('"data":{"n":12345678901234567890}');
  });
});
