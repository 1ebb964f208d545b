import { describe, expect, it } from 'vitest';
import { createHarness } from './harness.ts';

describe('the addresses that take events', () => {
  it.each(['/v1/events', '/v1/buses/orders/events'])(
    '%s agrees to the handshake of CloudEvents webhooks',
    async (path) => {
      const { mesh } = createHarness();
      const response = await mesh.fetch(
        new Request(`https://mesh.test${path}`, {
          method: 'OPTIONS',
          headers: { 'WebHook-Request-Origin': 'sender.example', 'WebHook-Request-Rate': '120' },
        }),
      );
      expect(response.status).toBe(204);
      expect(response.headers.get('WebHook-Allowed-Origin')).toBe('sender.example');
      expect(response.headers.get('WebHook-Allowed-Rate')).toBe('*');
      expect(response.headers.get('Allow')).toBe('POST, OPTIONS');
    },
  );

  it.each([
    ['/v1/events', 'OPTIONS, POST'],
    ['/v1/buses/orders/events', 'GET, HEAD, OPTIONS, POST'],
  ])('%s names its methods', async (path, allow) => {
    const { mesh } = createHarness();
    const asked = await mesh.fetch(new Request(`https://mesh.test${path}`, { method: 'OPTIONS' }));
    expect([asked.status, asked.headers.get('Allow')]).toEqual([204, 'POST, OPTIONS']);
    expect(asked.headers.get('WebHook-Allowed-Origin')).toBeNull();
    const refused = await mesh.fetch(new Request(`https://mesh.test${path}`, { method: 'DELETE' }));
    expect([refused.status, refused.headers.get('Allow')]).toEqual([405, allow]);
  });
});
