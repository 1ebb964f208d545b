import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromEnvelope } from '../../../adapters/aws/eventbridge-event.ts';
import type { TulleError } from '../../../event/error.ts';
import { toEnvelope } from '../../../functions/transform/eventbridge-envelope.ts';

const envelope = {
  version: '0',
  id: '17793124-05d4-b198-2fde-7ededc63b103',
  'detail-type': 'Object Created',
  source: 'aws.s3',
  account: '111122223333',
  time: '2021-11-12T00:00:00Z',
  region: 'ca-central-1',
  resources: ['arn:aws:s3:::amzn-s3-demo-bucket1'],
  detail: { bucket: { name: 'amzn-s3-demo-bucket1' }, reason: 'PutObject' },
};

function toEvent(value: unknown): Record<string, unknown> {
  return JSON.parse(fromEnvelope(typeof value === 'string' ? value : JSON.stringify(value))) as Record<string, unknown>;
}

describe('an event of EventBridge', () => {
  it('is a CloudEvent, with what only AWS knows in extension attributes', () => {
    expect(toEvent(envelope)).toEqual({
      specversion: '1.0',
      id: envelope.id,
      source: 'aws.s3',
      type: 'Object Created',
      time: envelope.time,
      datacontenttype: 'application/json',
      account: envelope.account,
      region: envelope.region,
      resources: '["arn:aws:s3:::amzn-s3-demo-bucket1"]',
      data: envelope.detail,
    });
  });

  it('keeps the very text of its detail: numbers, order and spaces', () => {
    const detail = '{ "b" : 12345678901234567890.10, "a":[ 1e400 ],"b2":"\\u00e9" }';
    const text = JSON.stringify(envelope).replace(JSON.stringify(envelope.detail), detail);
    expect(fromEnvelope(text)).toContain(`"data":${detail}}`);
  });

  it('comes back as it was', () => {
    expect(toEnvelope(toEvent(envelope), 0)).toEqual(envelope);
  });

  it('comes back as it was, whatever its source, its resources and its detail are', () => {
    const text = fc.string({ minLength: 1, maxLength: 50, unit: 'grapheme' });
    const printable = text.filter((value) => !/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u.test(value));
    const arbitrary = fc.record({
      version: fc.constant('0'),
      id: fc.uuid(),
      'detail-type': printable,
      source: printable,
      account: fc.constant('111122223333'),
      time: fc.constant('2026-11-22T06:30:00Z'),
      region: fc.constant('eu-west-1'),
      resources: fc.array(printable),
      detail: fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.parse(JSON.stringify(value)) as object),
    });
    fc.assert(
      fc.property(arbitrary, (original) => {
        expect(toEnvelope(toEvent(original), 0)).toEqual(original);
      }),
    );
  });

  it('says that it is a replay, and of what', () => {
    const replayed = { ...envelope, 'replay-name': 'again' };
    expect(toEvent(replayed)['replayname']).toBe('again');
    expect(toEnvelope(toEvent(replayed), 0)).toEqual(replayed);
  });

  it('is the CloudEvent in its detail, where it was put on the bus whole', () => {
    const detail = {
      specversion: '1.0',
      id: 'e1',
      source: '/shop',
      type: 'order.paid',
      subject: 's',
      data: { total: 1 },
    };
    expect(toEvent({ ...envelope, 'detail-type': 'order.paid', source: '/shop', detail })).toEqual(detail);
    // Of another type, or not valid, it is data like any other.
    expect(toEvent({ ...envelope, detail })['data']).toEqual(detail);
  });

  it.each([
    ['no object', '[1]', ''],
    ['an id that is missing', JSON.stringify({ ...envelope, id: undefined }), '/id'],
    ['an empty detail-type', JSON.stringify({ ...envelope, 'detail-type': '' }), '/detail-type'],
    ['a time that is a number', JSON.stringify({ ...envelope, time: 1 }), '/time'],
  ])('is refused with %s', (_what, text, place) => {
    expect(() => fromEnvelope(text)).toThrow(expect.objectContaining({ code: 'event_invalid', place }) as TulleError);
  });

  it('is refused where it is no JSON', () => {
    expect(() => fromEnvelope('{"id":')).toThrow(expect.objectContaining({ code: 'json_invalid' }) as TulleError);
  });
});
