import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { http } from '../../connectors/sinks/http.ts';
import { fromObject } from '../../event/create.ts';
import { TulleError } from '../../event/error.ts';
import { isPublicAddress } from '../../mesh/delivery/address.ts';
import { checkTargetUrl } from '../../mesh/delivery/guard.ts';
import { defaultPreset } from '../../mesh/delivery/presets/default.ts';
import { decide } from '../../mesh/delivery/retry.ts';
import { nodeContext } from '../connectors/sinks/context.ts';
import { describeVectors } from './report.ts';

interface Vectors {
  block: { url: string; why: string }[];
  allow: { url: string }[];
  dns: { url: string; resolves: string }[];
  redirects: { status: number; location: string }[];
}

const closed = { allowPrivateTargets: false };
const event = fromObject({ specversion: '1.0', id: '1', source: '/s', type: 't' });

describeVectors('ssrf.json', ({ block, allow, dns, redirects }: Vectors, check) => {
  for (const { url, why } of block) {
    check(`block ${url} (${why})`, () => {
      expect(() => checkTargetUrl(url, closed)).toThrow(TulleError);
      // Configuration is one gate, delivery the other.
      expect(() => http.check?.({ url }, closed)).toThrow(TulleError);
    });
  }
  for (const { url } of allow) {
    check(`allow ${url}`, () => expect(checkTargetUrl(url, closed)).toBeInstanceOf(URL));
  }
  for (const { url, resolves } of dns) {
    check(`resolved ${url}`, () => {
      const addresses = resolves.match(/(\d{1,3}\.){3}\d{1,3}|([\da-f]*:){2,}[\da-f.:]*/gi) ?? [];
      expect(addresses.length).toBeGreaterThan(0);
      expect(addresses.every(isPublicAddress)).toBe(false);
    });
  }
  for (const { status, location } of redirects) {
    check(`redirect ${status} ${location}`, async () => {
      let requests = 0;
      const server = createServer((_request, response) => {
        requests += 1;
        response.writeHead(status, { location }).end();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      try {
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
        const [result] = await http.deliver([{ event, id: 'msg_1', attempt: 1 }], { url }, nodeContext());
        expect(result).toMatchObject({ ok: false, failure: 'response', code: status });
        expect(requests).toBe(1);
        const state = { attempt: 1, acceptedAt: Date.now() };
        const runtime = { now: Date.now, random: Math.random };
        if (result) expect(decide(result, defaultPreset.policy, state, runtime).kind).toBe('dead');
      } finally {
        server.closeAllConnections();
        server.close();
      }
    });
  }
});
