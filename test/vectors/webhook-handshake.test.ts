import { expect } from 'vitest';
import { type Consent, type HandshakeRequest, judgeHandshake } from '../../mesh/delivery/handshake.ts';
import { describeVectors } from './report.ts';

interface Case {
  name: string;
  reqHeaders?: Record<string, string>;
  respHeaders: Record<string, string>;
  /** Starts with the judgement; for a grant the rate follows. */
  expect: string;
}

/** What cases without headers of the request ask for. */
const asked = { 'WebHook-Request-Origin': 'mesh.example', 'WebHook-Request-Rate': '120' };

describeVectors('webhook-handshake.json', ({ cases }: { cases: Case[] }, check) => {
  for (const { name, reqHeaders, respHeaders, expect: expected } of cases) {
    check(name, () => {
      expect(say(judgeHandshake(toRequest({ ...asked, ...reqHeaders }), new Headers(respHeaders)))).toBe(
        expected.startsWith('granted') ? expected : wordOf(expected),
      );
    });
  }
});

function toRequest(headers: Record<string, string>): HandshakeRequest {
  const given = new Headers(headers);
  const [rate, callback] = [given.get('webhook-request-rate'), given.get('webhook-request-callback')];
  return {
    origin: given.get('webhook-request-origin') ?? '',
    ...(rate === null ? {} : { perMinute: Number(rate) }),
    ...(callback === null ? {} : { callback }),
  };
}

function say(consent: Consent): string {
  if (consent.kind !== 'granted') return consent.kind;
  return `granted, ${consent.perMinute === '*' ? 'unlimited' : `${consent.perMinute}/min`}`;
}

/** An answer that is not valid is no consent. */
function wordOf(expected: string): string {
  const [word = ''] = /^\w+/.exec(expected) ?? [];
  return word === 'invalid' ? 'refused' : word;
}
