import { describe, expect, it } from 'vitest';
import { fromJson } from '../../event/json-format.ts';
import { decodeEnvelope, type Envelope } from '../../mesh/envelope.ts';
import { createRecentEnvelopes } from '../../mesh/recent-envelopes.ts';

function envelopeOf(id: string, data = '', count = 2): Envelope {
  const event = fromJson(JSON.stringify({ specversion: '1.0', id, source: '/s', type: 't', data }));
  const deliveries = [{ rule: 'r', target: 't' }];
  const planned = { event, receipt: { id: 'q', at: 1 }, deliveries };
  return {
    tenant: 't',
    bus: 'b',
    version: 1,
    attempts: 0,
    events: Array.from({ length: count }, (_, index) => ({ ...planned, index })),
  };
}

describe('envelopes that were just written', () => {
  it('are what is read of them, and read only once', () => {
    const { encode, decode } = createRecentEnvelopes();
    const envelope = envelopeOf('1');
    const message = encode(envelope);
    expect(decode(message)).toBe(envelope);
    const again = decode(message);
    expect(again).not.toBe(envelope);
    expect(again).toEqual(decodeEnvelope(message));
  });

  it('are read at once where they are of one event', () => {
    const { encode, decode } = createRecentEnvelopes();
    const envelope = envelopeOf('1', '', 1);
    const message = encode(envelope);
    expect(decode(message)).not.toBe(envelope);
    expect(decode(message)).toEqual(decodeEnvelope(message));
  });

  it('are read like those of others when too much waits', () => {
    const { encode, decode } = createRecentEnvelopes();
    const envelopes = Array.from({ length: 20 }, (_, index) => envelopeOf(String(index), 'x'.repeat(500_000)));
    const messages = envelopes.map(encode);
    const known = messages.map((message, index) => decode(message) === envelopes[index]);
    expect(known).toEqual(envelopes.map((_, index) => index >= 13));
    expect(decode(messages[0] ?? '').events[0]?.event.attributes.id).toBe('0');
  });
});
