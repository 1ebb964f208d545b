import { describe, expect, it } from 'vitest';
import { createWorkerSockets } from '../../../adapters/cloudflare/sockets.ts';

describe('the sockets of Workers', () => {
  const closed = createWorkerSockets({ allowPrivateTargets: false });

  it.for(['db.example.com', '93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946', 'abc.hyperdrive.local'])(
    'dial %s',
    async (host) => {
      expect(await closed.resolve(host)).toBe(host);
    },
  );

  it.for(['127.0.0.1', '10.0.0.7', '169.254.169.254', '::1', 'fd00::1', '2130706433', 'localhost', 'LOCALHOST.'])(
    'do not dial %s',
    async (host) => {
      await expect(closed.resolve(host)).rejects.toThrow(/not public/);
    },
  );

  it.for(['postgres', 'db.internal', 'db.local', 'router.home.arpa', 'x.localhost'])(
    'do not dial the name %s, which is one of a network of one’s own',
    async (host) => {
      await expect(closed.resolve(host)).rejects.toThrow(/not public/);
    },
  );

  it('dial everything where the operator allows it', async () => {
    expect(await createWorkerSockets({ allowPrivateTargets: true }).resolve('127.0.0.1')).toBe('127.0.0.1');
  });
});
