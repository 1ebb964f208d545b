import { describe, expect, it } from 'vitest';
import { refuseSqs } from '../../../cli/lambda/refusals.ts';

const QueueUrl = 'http://127.0.0.1/000000000000/local-Deliveries';
const fifo = `${QueueUrl}.fifo`;

describe('what SQS refuses', () => {
  it.each([
    ['a delay of 901 s', { QueueUrl, MessageBody: 'x', DelaySeconds: 901 }, 'InvalidParameterValue'],
    ['a delay of half a second', { QueueUrl, MessageBody: 'x', DelaySeconds: 0.5 }, 'InvalidParameterValue'],
    ['an empty body', { QueueUrl, MessageBody: '' }, 'MissingParameter'],
    ['a body above 1 MiB', { QueueUrl, MessageBody: 'ü'.repeat(524_289) }, 'InvalidParameterValue'],
    ['a FIFO message without a group', { QueueUrl: fifo, MessageBody: 'x' }, 'MissingParameter'],
    [
      'a FIFO message with a delay of its own',
      { QueueUrl: fifo, MessageBody: 'x', MessageGroupId: 'g', DelaySeconds: 1 },
      'InvalidParameterValue',
    ],
  ])('%s', (_what, input, type) => {
    expect(refuseSqs('SendMessage', input)?.type).toBe(type);
  });

  const entries = (count: number, more = {}) =>
    Array.from({ length: count }, (_, index) => ({ Id: `${index}`, MessageBody: 'x', ...more }));

  it.each([
    ['a batch of none', [], 'EmptyBatchRequest'],
    ['a batch of eleven', entries(11), 'TooManyEntriesInBatchRequest'],
    ['two of an id', entries(2, { Id: 'same' }), 'BatchEntryIdsNotDistinct'],
    ['an id with a dot', entries(1, { Id: 'a.b' }), 'InvalidBatchEntryId'],
    ['a batch above 1 MiB together', entries(2, { MessageBody: 'x'.repeat(600_000) }), 'BatchRequestTooLong'],
    ['a delay in a batch', entries(3, { DelaySeconds: 1_000 }), 'InvalidParameterValue'],
  ])('%s', (_what, Entries, type) => {
    expect(refuseSqs('SendMessageBatch', { QueueUrl, Entries })?.type).toBe(type);
  });

  it('is nothing of what it takes', () => {
    expect(
      refuseSqs('SendMessage', { QueueUrl, MessageBody: 'x'.repeat(1_048_576), DelaySeconds: 900 }),
    ).toBeUndefined();
    expect(refuseSqs('SendMessage', { QueueUrl: fifo, MessageBody: 'x', MessageGroupId: 'g' })).toBeUndefined();
    expect(refuseSqs('SendMessageBatch', { QueueUrl, Entries: entries(10) })).toBeUndefined();
    expect(refuseSqs('DeleteMessageBatch', { QueueUrl, Entries: entries(10) })).toBeUndefined();
    expect(refuseSqs('ReceiveMessage', { QueueUrl })).toBeUndefined();
  });
});
