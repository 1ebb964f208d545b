import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSockets } from '../../adapters/node/sockets.ts';
import type { Position, PullContext, Pulled, Source, SourceContext } from '../../mesh/connector/source.ts';
import { type Proxy, startProxy } from '../services/proxy.ts';
import { describeSource, type SourceUnderTest } from './source.ts';

/** A source that connects with a driver of its own; the address is in the secret that the option `secret` names. */
export interface DriverSourceUnderTest extends Omit<SourceUnderTest, 'context'> {
  readonly options: object;
  readonly port: number;
  addressFor(port: number, password?: string): string;
}

const password = 'hunter2-hunter2';

/** What every source with a driver keeps: what all sources keep, and what can happen to a connection. */
export function describeDriverSource(name: string, create: () => Promise<DriverSourceUnderTest>): void {
  describeSource(name, async () => {
    const system = await create();
    return { ...system, context: contextOf(system.options, system.addressFor(system.port)) };
  });

  describe(`the driver of the source ${name}`, () => {
    let system: DriverSourceUnderTest;
    let proxy: Proxy;
    beforeEach(async () => {
      system = await create();
      proxy = await startProxy({ host: '127.0.0.1', port: system.port });
    });
    afterEach(async () => {
      proxy.stop();
      await system.close();
    });

    it('loses nothing where connections break in the middle of pulls', { timeout: 60_000 }, async () => {
      const { source, options } = system;
      const numbers = Array.from({ length: 120 }, (_, index) => index);
      await system.add(numbers);
      const context = contextOf(options, system.addressFor(proxy.port));
      const seen = new Set<number>();
      let position: Position | undefined;
      let session: { readonly value: unknown } | undefined;
      let calm = 0;
      for (let pulls = 0; pulls < 200 && seen.size < numbers.length; pulls += 1) {
        // After two that went well: on a busy machine none would get as far as that, if connections broke by the clock.
        if (calm === 2) {
          calm = 0;
          setTimeout(() => proxy.cut(), pulls % 7);
        }
        try {
          session ??= { value: await source.open?.(context) };
          const full = pullContextOf(context, session.value, 10);
          const pulled = await source.pull(position, full);
          // Published and stored: what fails now has the same come again.
          for (const record of pulled.records) seen.add(system.numberOf(record));
          ({ position } = pulled);
          await source.acknowledge?.(pulled, full);
          calm += 1;
        } catch (error) {
          expect(error).toMatchObject({ code: 'unavailable' });
          await closeQuietly(source, session?.value);
          session = undefined;
        }
      }
      await closeQuietly(source, session?.value);
      expect([...seen].toSorted((one, other) => one - other)).toEqual(numbers);
    });

    it('dials no address on the inside where that is not allowed', async () => {
      const silent = await startSilent();
      const sockets = createSockets({ allowPrivateTargets: false });
      for (const host of ['127.0.0.1', 'localhost', '[::1]', '0x7f.1']) {
        const address = system.addressFor(silent.port).replace('127.0.0.1', host);
        const context = { ...contextOf(system.options, address), sockets };
        await expect(pullOnce(system.source, context)).rejects.toMatchObject({ code: 'unavailable' });
      }
      expect(silent.seen()).toBe(0);
      silent.stop();
    });

    it('gives up on a server that says nothing, and does not show the password', { timeout: 40_000 }, async () => {
      const silent = await startSilent();
      try {
        const context = contextOf(system.options, system.addressFor(silent.port, password));
        const startedAt = performance.now();
        const failure = await pullOnce(system.source, context).catch((error: unknown) => error);
        expect(failure).toMatchObject({ code: 'unavailable' });
        expect(JSON.stringify([String(failure), Object.values(failure as object)])).not.toContain(password);
        expect(performance.now() - startedAt).toBeLessThan(20_000);
        await expect.poll(() => silent.open(), { timeout: 5_000 }).toBe(0);
      } finally {
        silent.stop();
      }
    });

    it('says why it cannot connect, but not with what', async () => {
      proxy.refuse();
      const context = contextOf(system.options, system.addressFor(proxy.port, password));
      const failure = await pullOnce(system.source, context).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'unavailable' });
      expect(String(failure)).not.toContain(password);
    });
  });
}

/** A context for a source with a driver, on the real network of this machine. */
export function contextOf(options: object, address: string): SourceContext<unknown> {
  return {
    options: { secret: 'address', ...options },
    fetch: (input, init) => fetch(input, init),
    authorize: () => Promise.reject(new Error('there are no connections')),
    secret: async () => address,
    sockets: createSockets({ allowPrivateTargets: true }),
    policy: { allowPrivateTargets: true },
    signal: new AbortController().signal,
    now: Date.now,
  };
}

export function pullContextOf(
  context: SourceContext<unknown>,
  session: unknown,
  records: number,
): PullContext<unknown, unknown> {
  const limit = { records, bytes: 16_777_216 };
  return { ...context, session, phase: 'incremental', partition: { index: 0, count: 1 }, limit };
}

/** On a connection of its own; acknowledged where the source asks for it. */
export async function pullOnce(
  source: Source,
  context: SourceContext<unknown>,
  { position, records = 10 }: { readonly position?: Position | undefined; readonly records?: number } = {},
): Promise<Pulled> {
  const session = await source.open?.(context);
  try {
    const full = pullContextOf(context, session, records);
    const pulled = await source.pull(position, full);
    await source.acknowledge?.(pulled, full);
    return pulled;
  } finally {
    await closeQuietly(source, session);
  }
}

/** What is broken may fail once more when it is closed. */
async function closeQuietly(source: Source, session: unknown): Promise<void> {
  if (session === undefined) return;
  try {
    await source.close?.(session);
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
  }
}

async function startSilent(): Promise<{ readonly port: number; seen(): number; open(): number; stop(): void }> {
  const sockets = new Set<Socket>();
  let seen = 0;
  const server = createServer((socket) => {
    seen += 1;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    seen: () => seen,
    open: () => sockets.size,
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
