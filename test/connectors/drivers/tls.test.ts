import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeAmqp, openAmqp } from '../../../connectors/drivers/amqp.ts';
import { closeMqtt, openMqtt } from '../../../connectors/drivers/mqtt.ts';
import { closeNats, openNats } from '../../../connectors/drivers/nats.ts';
import { openRedis } from '../../../connectors/drivers/redis.ts';
import type { Sockets } from '../../../mesh/ports/sockets.ts';

/** A driver is told an address, and must ask for the certificate of the name all the same. */
const drivers = [
  {
    name: 'Redis',
    protocol: 'rediss',
    variable: 'TULLE_TEST_REDIS_URL',
    open: async (url: URL) => (await openRedis(url, sockets)).disconnect(),
  },
  {
    name: 'NATS',
    protocol: 'tls',
    variable: 'TULLE_TEST_NATS_URL',
    open: async (url: URL) => closeNats(await openNats(url, sockets)),
  },
  {
    name: 'RabbitMQ',
    protocol: 'amqps',
    variable: 'TULLE_TEST_RABBITMQ_URL',
    open: async (url: URL) => closeAmqp(await openAmqp(url, sockets)),
  },
  {
    name: 'MQTT',
    protocol: 'mqtts',
    variable: 'TULLE_TEST_MQTT_URL',
    open: async (url: URL) =>
      closeMqtt(await openMqtt(url, sockets, { version: '5', clientId: 'tls', keepsSession: false })),
  },
];

/** Every name is this machine. */
const sockets: Sockets = { create: () => new Socket(), resolve: async () => '127.0.0.1' };

const folder = mkdtempSync(join(tmpdir(), 'tulle-tls-'));
const paths = { key: join(folder, 'key.pem'), cert: join(folder, 'cert.pem') };
const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=broker.test';
const { status } = spawnSync('openssl', [
  ...words.split(' '),
  '-addext',
  'subjectAltName=DNS:broker.test',
  '-keyout',
  paths.key,
  '-out',
  paths.cert,
]);
if (status !== 0)
  console.log('Encrypted connections of drivers: skipped, there is no openssl to make a certificate with.');

describe.skipIf(status !== 0)('an encrypted connection', () => {
  const trusted = getCACertificates('default');
  let identity: { readonly key: string; readonly cert: string };
  beforeAll(() => {
    identity = { key: readFileSync(paths.key, 'utf8'), cert: readFileSync(paths.cert, 'utf8') };
    setDefaultCACertificates([...trusted, identity.cert]);
  });
  afterAll(() => {
    setDefaultCACertificates(trusted);
    rmSync(folder, { recursive: true });
  });

  for (const { name, protocol, variable, open } of drivers) {
    const plain = process.env[variable] ?? '';
    describe.skipIf(plain === '')(name, () => {
      async function withServer(work: (port: number, credentials: string) => Promise<void>): Promise<void> {
        const { port, username, password } = new URL(plain);
        const server = protocol === 'tls' ? createNatsServer(Number(port)) : createEncrypted(Number(port));
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        try {
          await work((server.address() as AddressInfo).port, username === '' ? '' : `${username}:${password}@`);
        } finally {
          server.close();
        }
      }

      it('is made with the name that the certificate is of', async () => {
        await withServer(async (port, credentials) => open(new URL(`${protocol}://${credentials}broker.test:${port}`)));
      });

      it('is not made with another name', async () => {
        await withServer(async (port, credentials) => {
          const other = open(new URL(`${protocol}://${credentials}other.test:${port}`));
          await expect(other).rejects.toMatchObject({ code: 'unavailable' });
        });
      });

      it('is not made with a server that does not encrypt', { timeout: 20_000 }, async () => {
        const { port, username, password } = new URL(plain);
        const credentials = username === '' ? '' : `${username}:${password}@`;
        const address = new URL(`${protocol}://${credentials}broker.test:${port}`);
        await expect(open(address)).rejects.toMatchObject({ code: 'unavailable' });
      });
    });
  }

  function createEncrypted(port: number): Server {
    return createTlsServer(identity, (near) => pass(near, connect(port, '127.0.0.1')));
  }

  /** NATS says in plain text that it encrypts, and begins to when it has. */
  function createNatsServer(port: number): Server {
    return createServer((socket) => {
      const about = { server_id: 'x', version: '2.9.0', proto: 1, headers: true, max_payload: 1_048_576 };
      socket.on('error', () => undefined);
      socket.write(`INFO ${JSON.stringify({ ...about, tls_required: true })}\r\n`);
      pass(new TLSSocket(socket, { isServer: true, ...identity }), connect(port, '127.0.0.1'));
    });
  }
});

function pass(near: Socket, far: Socket): void {
  near.on('error', () => far.destroy()).on('close', () => far.destroy());
  far.on('error', () => near.destroy()).on('close', () => near.destroy());
  near.pipe(far);
  far.pipe(near);
}
