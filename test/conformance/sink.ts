import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSockets } from '../../adapters/node/sockets.ts';
import { fromObject } from '../../event/create.ts';
import type { AttemptResult, Delivery, Sink, SinkContext } from '../../mesh/sink.ts';
import { nodeContext } from '../connectors/sinks/context.ts';
import { type Proxy, startProxy } from '../services/proxy.ts';

/** A sink before a system of its own. */
export interface SinkUnderTest {
  readonly sink: Sink;
  /** Where the system listens; the suite puts a proxy between. */
  readonly host?: string;
  readonly port: number;
  /** A time-out is added where it is needed. */
  optionsFor(port: number): object;
  /** What the secrets hold that the options name. */
  secretsFor?(port: number): Readonly<Record<string, string>>;
  /** What the secrets hold with a password that is wrong; absent where the system asks for none. */
  wrongSecretsFor?(port: number, password: string): Readonly<Record<string, string>>;
  /** Whether the same delivery twice is there once. */
  readonly idempotent: boolean;
  /** The data of the events that arrived, in any order; may be asked again until they are there. */
  arrived(): Promise<readonly Item[]>;
  /** Data that the system never takes; absent where it takes everything. */
  readonly broken?: object;
  close(): Promise<void>;
}

/** The data of an event of this suite. */
export interface Item {
  readonly number: number;
  readonly text: string;
}

const wrongPassword = 'wrong-hunter2-wrong';

/** What every sink keeps, whatever system it writes to. */
export function describeSink(name: string, create: () => Promise<SinkUnderTest>): void {
  describe(`the sink ${name}`, () => {
    let system: SinkUnderTest;
    let proxy: Proxy;
    beforeEach(async () => {
      system = await create();
      proxy = await startProxy({ host: system.host ?? '127.0.0.1', port: system.port });
    });
    afterEach(async () => {
      proxy.stop();
      await system.sink.close?.();
      await system.close();
    });

    function contextWith(
      secrets: Readonly<Record<string, string>>,
      allowPrivateTargets: boolean,
    ): Partial<SinkContext> {
      return {
        policy: { allowPrivateTargets },
        secrets: { get: async (name) => secrets[name] },
        sockets: createSockets({ allowPrivateTargets }),
      };
    }

    /** Never more than the sink takes at once; every result is looked at for what must not be in it. */
    async function send(
      deliveries: readonly Delivery[],
      { timeoutSeconds = 10, context }: { timeoutSeconds?: number; context?: Partial<SinkContext> } = {},
    ): Promise<readonly AttemptResult[]> {
      const secrets = system.secretsFor?.(proxy.port) ?? {};
      const options = { ...system.optionsFor(proxy.port), timeoutSeconds };
      const size = system.sink.batchSize(options);
      const results: AttemptResult[] = [];
      for (let start = 0; start < deliveries.length; start += size) {
        const part = deliveries.slice(start, start + size);
        const answer = await system.sink.deliver(part, options, nodeContext(context ?? contextWith(secrets, true)));
        expect(answer).toHaveLength(part.length);
        results.push(...answer);
      }
      const said = JSON.stringify(results);
      for (const password of [wrongPassword, ...passwordsOf(secrets)]) expect(said).not.toContain(password);
      for (const result of results) if (!result.ok) expect(result.reason).not.toBe('');
      return results;
    }

    async function sendOne(number: number, timeoutSeconds?: number): Promise<AttemptResult> {
      const [result] = await send([delivery(number)], timeoutSeconds === undefined ? {} : { timeoutSeconds });
      if (result === undefined) throw new Error('there is no result');
      return result;
    }

    async function arrives(numbers: readonly number[]): Promise<void> {
      const expected = [...numbers];
      const numbersOf = async (): Promise<readonly number[]> => {
        const found = (await system.arrived()).map(({ number }) => number);
        // At least once, where the system does not know a repetition.
        const once = system.idempotent ? found : [...new Set(found)];
        return once.toSorted((one, other) => one - other);
      };
      await expect.poll(numbersOf, { timeout: 10_000 }).toEqual(expected);
    }

    it('answers one result an event, and all of them arrive', async () => {
      const numbers = Array.from({ length: 25 }, (_, index) => index);
      const results = await send(numbers.map((number) => delivery(number)));
      expect(results.filter(({ ok }) => !ok)).toEqual([]);
      await arrives(numbers);
    });

    it('takes the same delivery again', async () => {
      for (let attempt = 1; attempt <= 2; attempt += 1) {
        const results = await send([1, 2, 3].map((number) => delivery(number)));
        expect(results.filter(({ ok }) => !ok)).toEqual([]);
      }
      await arrives([1, 2, 3]);
    });

    it('keeps what people write', async () => {
      const text = 'Zoë 😀 日本語 \u202e "quoted" \'single\' \\back\\ $1 ? ; -- %s {{x}}\n\t<tag>';
      const [result] = await send([delivery(1, { number: 1, text })]);
      expect(result).toMatchObject({ ok: true });
      await expect.poll(() => system.arrived(), { timeout: 10_000 }).toEqual([{ number: 1, text }]);
    });

    it('takes an event of almost a mebibyte', async () => {
      const text = 'x'.repeat(900_000);
      const [result] = await send([delivery(1, { number: 1, text })], { timeoutSeconds: 30 });
      expect(result).toMatchObject({ ok: true });
      await expect.poll(async () => (await system.arrived())[0]?.text.length, { timeout: 10_000 }).toBe(text.length);
    });

    it('does not let an event that is refused take others with it', async ({ skip }) => {
      if (system.broken === undefined) skip('the system takes everything');
      const results = await send([delivery(1), delivery(2, system.broken), delivery(3)]);
      expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
      // Whoever sends it again will see the same.
      expect(results[1]).toMatchObject({ failure: 'response', code: expect.toSatisfy(isPermanent) });
      await arrives([1, 3]);
    });

    it('gives up in time when nothing is answered, and goes on when it is', { timeout: 30_000 }, async () => {
      expect(await sendOne(1)).toMatchObject({ ok: true });
      proxy.hang();
      const startedAt = performance.now();
      expect(await sendOne(2, 1)).toMatchObject({ ok: false, failure: 'timeout' });
      // On a connection that is new as well.
      expect(await sendOne(2, 1)).toMatchObject({ ok: false, failure: 'timeout' });
      expect(performance.now() - startedAt).toBeLessThan(8_000);
      proxy.open();
      await goesOn(3);
    });

    it('goes on after its connection was lost', { timeout: 30_000 }, async () => {
      expect(await sendOne(1)).toMatchObject({ ok: true });
      proxy.cut();
      await goesOn(2);
      proxy.refuse();
      expect(await sendOne(3)).toMatchObject({ ok: false, failure: 'network' });
      proxy.open();
      await goesOn(3);
      await arrives([1, 2, 3]);
    });

    /** What was found broken is one attempt; the next one works. */
    async function goesOn(number: number): Promise<void> {
      const first = await sendOne(number);
      if (!first.ok) expect(await sendOne(number)).toMatchObject({ ok: true });
    }

    it('dials no address on the inside where that is not allowed', async () => {
      const context = contextWith(system.secretsFor?.(proxy.port) ?? {}, false);
      const [result] = await send([delivery(1)], { context });
      expect(result).toMatchObject({ ok: false });
      expect(await system.arrived()).toEqual([]);
    });

    it('says why it is not let in, but not with what', async ({ skip }) => {
      const secrets = system.wrongSecretsFor?.(proxy.port, wrongPassword);
      if (secrets === undefined) {
        skip('the system lets everybody in');
        return;
      }
      const [result] = await send([delivery(1)], { context: contextWith(secrets, true) });
      expect(result).toMatchObject({ ok: false });
      expect(await system.arrived()).toEqual([]);
    });

    it('says that a secret is not stored', async ({ skip }) => {
      if (system.secretsFor === undefined) skip('it needs none');
      const [result] = await send([delivery(1)], { context: contextWith({}, true) });
      // Whoever stores it mends every event that waits.
      expect(result).toMatchObject({ ok: false, failure: 'network' });
    });
  });
}

function delivery(number: number, data: object = { number, text: `text ${number}` }): Delivery {
  const event = fromObject({
    specversion: '1.0',
    id: `e${number}`,
    source: '/conformance',
    type: 'item.changed',
    subject: String(number),
    time: '2026-01-02T03:04:05.678Z',
    datacontenttype: 'application/json',
    data,
  });
  return { event, id: `msg_${number}`, attempt: 1 };
}

function passwordsOf(secrets: Readonly<Record<string, string>>): readonly string[] {
  return Object.values(secrets)
    .map((text) => (URL.canParse(text) ? new URL(text).password : text))
    .filter((password) => password.length > 5);
}

function isPermanent(code: unknown): boolean {
  return typeof code === 'number' && code >= 400 && code < 500 && code !== 408 && code !== 429;
}
