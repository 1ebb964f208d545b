import { describe, expect, it } from 'vitest';
import { createEvent, type createHarness, type Harness, withRule } from '../mesh/harness.ts';

const http = { url: 'https://crm.example.com/hook' };
const grave = { url: 'https://grave.example.com/' };

/** Targets that hand what they give up to another one, on every platform alike. */
export function describeDeadLetterTarget(
  platform: string,
  create: (...options: Parameters<typeof createHarness>) => Harness | Promise<Harness>,
): void {
  describe(`a dead-letter target: ${platform}`, () => {
    it('gets what was given up, as it was accepted, with the attributes of Knative', async () => {
      const harness = await create();
      await withRule(harness, {
        steps: [{ transform: { jsonata: '{ "sum": data.amount }' } }],
        targets: [{ name: 'crm', http, deadLetter: { http: grave } }],
      });
      harness.answer = ({ url }) =>
        url === http.url ? new Response('no such order', { status: 422 }) : new Response(null, { status: 204 });
      await harness.publish([createEvent('e1'), createEvent('e2')]);
      await harness.drain();
      expect(harness.received.map(({ url }) => url)).toEqual([http.url, http.url, grave.url, grave.url]);
      const sent = harness.received.at(-1);
      expect(sent?.body).toBe('{"amount":12.5}');
      expect(sent?.headers.get('ce-id')).toBe('e2');
      expect(sent?.headers.get('ce-knativeerrordest')).toBe(http.url);
      expect(sent?.headers.get('ce-knativeerrorcode')).toBe('422');
      expect(atob(sent?.headers.get('ce-knativeerrordata') ?? '')).toContain('no such order');
      expect((await harness.deliveries('event=e1')).map(({ target, status }) => `${target} ${status}`)).toEqual([
        'crm~dead delivered',
        'crm dead-lettered',
      ]);
    });

    it('gets what a step failed on, and what is given up in a lane', async () => {
      const harness = await create();
      await withRule(harness, {
        steps: [{ transform: { jsonata: '{ "half": data.amount / 2 }' } }],
        targets: [{ name: 'crm', http, ordering: 'partitionkey', deadLetter: { http: grave } }],
      });
      harness.answer = ({ url }) => new Response(null, { status: url === http.url ? 422 : 204 });
      await harness.publish([
        createEvent('text', { data: { amount: 'x' }, partitionkey: 'k' }),
        createEvent('number', { partitionkey: 'k' }),
      ]);
      await harness.drain();
      const buried = harness.received.filter(({ url }) => url === grave.url);
      expect(buried.map(({ headers }) => headers.get('ce-id'))).toEqual(expect.arrayContaining(['number', 'text']));
    });

    it('is tried again by its own policy; what it does not take stays a dead letter, and goes no further', async () => {
      const harness = await create();
      await withRule(harness, {
        targets: [{ name: 'crm', http, deadLetter: { http: grave, retry: { maxAttempts: 3 } } }],
      });
      harness.answer = ({ url }) => new Response(null, { status: url === http.url ? 422 : 500 });
      await harness.publish(createEvent());
      await harness.drain(harness.now + 3_600_000);
      expect(harness.received.map(({ url }) => url)).toEqual([http.url, grave.url, grave.url, grave.url]);
      expect(await letters(harness)).toMatchObject([{ target: 'crm~dead', attempt: 3 }, { target: 'crm' }]);
      harness.answer = () => new Response(null, { status: 204 });
      harness.now += 1;
      await harness.admin('POST', '/v1/buses/default/dead-letters:redrive?target=crm~dead');
      await harness.drain();
      expect(harness.received.at(-1)?.url).toBe(grave.url);
      expect(await letters(harness)).toMatchObject([{ target: 'crm' }]);
    });

    it('gets nothing else', async () => {
      const harness = await create();
      await withRule(harness, { targets: [{ name: 'crm', http, deadLetter: { http: grave } }] });
      await harness.publish(createEvent());
      await harness.drain();
      expect(harness.received.map(({ url }) => url)).toEqual([http.url]);
      const { targets } = (await (await harness.admin('GET', '/v1/buses/default/targets')).json()) as {
        targets: { target: string }[];
      };
      expect(targets.map(({ target }) => target)).toEqual(['crm', 'crm~dead']);
    });
  });
}

async function letters(harness: Harness): Promise<unknown[]> {
  const response = await harness.admin('GET', '/v1/buses/default/dead-letters');
  return ((await response.json()) as { deadLetters: unknown[] }).deadLetters;
}
