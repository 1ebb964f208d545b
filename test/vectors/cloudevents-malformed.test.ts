import { expect } from 'vitest';
import { TulleError } from '../../event/error.ts';
import { cloudEventsProtocol } from '../../mesh/protocols/cloudevents.ts';
import { defaultLimits } from '../../mesh/protocols/protocol.ts';
import { describeVectors } from './report.ts';

interface Case {
  name: string;
  body: string;
  contentType: string;
  expect: string;
}

// Where a case leaves the choice between refusing and taking the last member, Tulle refuses.
describeVectors('cloudevents-malformed.json', ({ cases }: { cases: Case[] }, check) => {
  for (const one of cases) {
    check(one.name, async () => {
      const headers = { 'content-type': one.contentType };
      const request = new Request('https://mesh.example/', { method: 'POST', headers, body: one.body });
      const refusal = await cloudEventsProtocol.decode(request, defaultLimits).catch((error: unknown) => error);
      expect(TulleError.is(refusal) && refusal.status).toBe(400);
    });
  }
});
