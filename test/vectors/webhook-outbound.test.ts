import { expect } from 'vitest';
import { TulleError } from '../../event/error.ts';
import { signWebhook } from '../../mesh/delivery/sign.ts';
import { describeVectors } from './report.ts';

interface Case {
  provider: string;
  case: string;
  secret?: string;
  /** Ed25519. */
  secretKey?: string;
  body?: string;
  headers?: Record<string, string>;
  valid?: boolean;
}

/** What we send is what these receivers accept: the signature that a valid request carries is the one we make. */
describeVectors('webhook-signatures.json', ({ cases }: { cases: Case[] }, check) => {
  for (const one of cases) {
    const { body, headers = {}, valid } = one;
    const secret = one.secretKey ?? one.secret;
    if (!/^wh(sec|sk)_/.test(secret ?? '') || secret === undefined || body === undefined) continue;
    const prefix = 'svix-id' in headers ? 'svix-' : 'webhook-';
    const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((name) => headers[prefix + name]);
    if (id === undefined || timestamp === undefined || signatures === undefined) continue;
    if (id.includes('.')) {
      check(`${one.provider} ${one.case}: refused`, async () => {
        await expect(signWebhook(secret, id, Number(timestamp), body)).rejects.toThrow(TulleError);
      });
    } else if (valid === true && / ?v1a?,/.test(signatures)) {
      check(`${one.provider} ${one.case}`, async () => {
        const signed = await signWebhook(secret, id, Number(timestamp), body);
        expect(signatures.split(' ')).toContain(signed['webhook-signature']);
      });
    }
  }
});
