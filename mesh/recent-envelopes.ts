import { decodeEnvelope, encodeEnvelope, type Envelope } from './envelope.ts';

/** Writes and reads envelopes; where the one that reads is the one that wrote, most need not be read again. */
export interface EnvelopeCodec {
  readonly encode: (envelope: Envelope) => string;
  readonly decode: (message: string) => Envelope;
}

/** UTF-16 units of messages that are remembered: beyond it the oldest are read as everywhere. */
const REMEMBERED_LENGTH = 8_000_000;

/**
 * For a process that dispatches what it accepts: it remembers the envelopes that were just written, each until it is read
 * once. That saves a batch a fifth of its time. An envelope of one event is read faster than it is found: looking a text
 * up costs its hash, and keeping it costs the garbage collector as much again.
 */
export function createRecentEnvelopes(): EnvelopeCodec {
  const recent = new Map<string, Envelope>();
  let length = 0;

  function forget(message: string): void {
    if (recent.delete(message)) length -= message.length;
  }

  return {
    encode(envelope) {
      const message = encodeEnvelope(envelope);
      if (envelope.events.length === 1) return message;
      if (!recent.has(message)) length += message.length;
      recent.set(message, envelope);
      for (const oldest of recent.keys()) {
        if (length <= REMEMBERED_LENGTH) break;
        forget(oldest);
      }
      return message;
    },
    decode(message) {
      const envelope = recent.get(message);
      if (envelope === undefined) return decodeEnvelope(message);
      forget(message);
      return envelope;
    },
  };
}
