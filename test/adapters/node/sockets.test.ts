import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSockets } from '../../../adapters/node/sockets.ts';

async function listen(): Promise<number> {
  const server = createServer((socket) => socket.end('hello'));
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('sockets of drivers', () => {
  it('reach the machine itself only where that is allowed', async () => {
    const port = await listen();
    const open = createSockets({ allowPrivateTargets: true }).create();
    open.connect(port, '127.0.0.1');
    expect(String((await once(open, 'data'))[0])).toBe('hello');

    const shut = createSockets({ allowPrivateTargets: false }).create();
    shut.connect(port, '127.0.0.1');
    await expect(once(shut, 'connect')).rejects.toThrow('127.0.0.1');
  });

  it('do not reach what a name leads to inside', async () => {
    const port = await listen();
    const socket = createSockets({
      allowPrivateTargets: false,
      lookup: (_name, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    }).create();
    socket.connect(port, 'rebound.example.com');
    await expect(once(socket, 'connect')).rejects.toThrow('rebound.example.com');
  });

  it('do not reach a path', async () => {
    const socket = createSockets({ allowPrivateTargets: false }).create();
    socket.connect('/var/run/postgresql/.s.PGSQL.5432');
    await expect(once(socket, 'connect')).rejects.toThrow('/var/run');
  });

  it('are resolved to public addresses alone', async () => {
    const inside = createSockets({
      allowPrivateTargets: false,
      lookup: (_name, _options, callback) => callback(null, [{ address: '10.0.0.1', family: 4 }]),
    });
    await expect(inside.resolve('rebound.example.com')).rejects.toThrow('rebound.example.com');
    await expect(inside.resolve('127.0.0.1')).rejects.toThrow('127.0.0.1');
    await expect(inside.resolve('93.184.215.14')).resolves.toBe('93.184.215.14');
    await expect(createSockets({ allowPrivateTargets: true }).resolve('127.0.0.1')).resolves.toBe('127.0.0.1');
  });
});
