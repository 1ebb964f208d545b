import { expect } from 'vitest';
import { TulleError } from '../../event/error.ts';
import { cloudEventsProtocol } from '../../mesh/protocols/cloudevents.ts';
import { defaultLimits } from '../../mesh/protocols/protocol.ts';
import { describeVectors } from './report.ts';

interface Case {
  name: string;
  expect: 'accept' | 'refuse' | 'either';
  base64: string;
}

describeVectors('json-parsing.json', (vectors: { cases: Case[] }, check) => {
  for (const one of vectors.cases) {
    const body = Buffer.from(one.base64, 'base64');
    check(`${one.name} as a binary-mode body`, async () => {
      const accepted = await isAccepted({ ...attributes, 'content-type': 'application/json' }, body);
      if (one.expect !== 'either') expect(accepted).toBe(one.expect === 'accept');
    });
    check(`${one.name} as the data of a structured body`, async () => {
      const text = Buffer.concat([Buffer.from(structuredHead), body, Buffer.from('}')]);
      const accepted = await isAccepted({ 'content-type': 'application/cloudevents+json' }, text);
      if (one.expect === 'accept') expect(accepted).toBe(true);
    });
    check(`${one.name} as a structured body is no event`, async () => {
      expect(await isAccepted({ 'content-type': 'application/cloudevents+json' }, body)).toBe(false);
    });
    check(`${one.name} as a batch is accepted only when empty`, async () => {
      const accepted = await isAccepted({ 'content-type': 'application/cloudevents-batch+json' }, body);
      expect(accepted).toBe(/^[ \t\n\r]*\[[ \t\n\r]*\][ \t\n\r]*$/.test(body.toString('latin1')));
    });
  }
});

const attributes = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/test', 'ce-type': 'test' };
const structuredHead = '{"specversion":"1.0","id":"1","source":"/test","type":"test","data":';

/** False for a refusal by the publisher's fault; anything else that is thrown fails the case. */
async function isAccepted(headers: Record<string, string>, body: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const request = new Request('https://mesh.example/', { method: 'POST', headers, body });
  try {
    await cloudEventsProtocol.decode(request, defaultLimits);
    return true;
  } catch (error) {
    if (!TulleError.is(error) || error.status >= 500) throw error;
    expect(error.mend).toBeTruthy();
    return false;
  }
}
