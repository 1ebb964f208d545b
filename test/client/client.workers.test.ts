import { exports } from 'cloudflare:workers';
import { CloudEvent } from 'cloudevents';
import { expect, it } from 'vitest';
import { createClient } from '../../client/client.ts';
import { signMessage, verifySignature } from '../../client/signature.ts';

const client = createClient({
  url: 'https://mesh.test',
  key: 'admin-key-of-the-test-suite',
  fetch: (url, init) => exports.default.fetch(new Request(url, init)),
});

it(
  'the client runs inside of a Worker, with plain objects and with those of cloudevents',
  { timeout: 30_000 },
  async () => {
    await client.admin.put('buses', { name: 'client' }, { record: 'all' });
    const plain = { id: 'plain', source: '/s', type: 't', data: { a: 1 } };
    const event = new CloudEvent({ id: 'class', source: '/s', type: 't', data: { a: 2 } });
    expect(await client.publish([plain, event], { bus: 'client' })).toMatchObject({ accepted: 2 });
    const kept = [];
    for await (const one of client.bus('client').events({ data: true })) kept.push(one.event);
    expect(kept).toMatchObject([
      { id: 'class', data: { a: 2 } },
      { id: 'plain', data: { a: 1 } },
    ]);
  },
);

it('signatures are verified inside of a Worker', async () => {
  const secrets = `whsec_${btoa('a secret of twenty-four bytes')}`;
  const headers = await signMessage('{}', { id: 'm', secret: secrets });
  expect(await verifySignature({ body: '{}', headers }, { secrets })).toMatchObject({ id: 'm' });
  await expect(verifySignature({ body: '{ }', headers }, { secrets })).rejects.toThrow('No signature fits.');
});
