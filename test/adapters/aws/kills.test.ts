import { AsyncLocalStorage } from 'node:async_hooks';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { BatchResult } from '../../../adapters/aws/consumer.ts';
import { createEvent, createHarness, type Harness, withRule } from '../../mesh/harness.ts';
import { openAws } from './queue-under-test.ts';
import { useAws } from './shared.ts';

vi.setConfig({ testTimeout: 180_000 });

/** One invocation of `dispatch` or `guard`: which of its calls it dies at, and whether the other side has got that call. */
interface Life {
  dead: boolean;
  calls: number;
  readonly diesAt: (call: Call) => 'before' | 'after' | undefined;
  readonly die: () => void;
}

interface Call {
  /** From 1, in the order in which they are made: of the SDK, and of targets. */
  readonly number: number;
  /** The event that a target is called with. */
  readonly eventId?: string;
}

const lives = new AsyncLocalStorage<Life>();
const aws = useAws();

beforeAll(async () => {
  const { clients } = aws.services();
  for (const client of [await clients.dynamo(), await clients.s3()]) makeMortal(client);
});

function makeMortal({ middlewareStack }: { readonly middlewareStack: unknown }): void {
  const stack = middlewareStack as { add(middleware: typeof mortal, options: object): void };
  stack.add(mortal, { step: 'initialize', name: 'life' });
}

function mortal<Result>(next: (args: never) => Promise<Result>): (args: never) => Promise<Result> {
  return (args) => through({}, () => next(args));
}

/** A call as the process makes it: when it is dead nothing is called any more, and nobody hears an answer. */
async function through<Result>(about: Omit<Call, 'number'>, run: () => Promise<Result>): Promise<Result> {
  const life = lives.getStore();
  if (life === undefined) return run();
  if (life.dead) return never();
  life.calls += 1;
  const how = life.diesAt({ ...about, number: life.calls });
  if (how === 'before') life.die();
  const result = life.dead ? never<Result>() : await run();
  if (how === 'after') life.die();
  return life.dead ? never() : result;
}

function never<Result>(): Promise<Result> {
  return new Promise(() => undefined);
}

/** A mesh on AWS whose invocations die as they are told to. */
async function createMortal(diesAt: (call: Call, invocation: number) => 'before' | 'after' | undefined): Promise<{
  readonly harness: Harness;
  /** How many calls each invocation made. */
  readonly calls: number[];
  readonly deaths: () => number;
}> {
  const calls: number[] = [];
  let deaths = 0;
  const installation = await aws.install();

  async function invoke(run: () => Promise<BatchResult>): Promise<BatchResult | undefined> {
    const invocation = calls.push(0);
    const { promise: died, resolve } = Promise.withResolvers<undefined>();
    const life: Life = {
      dead: false,
      calls: 0,
      diesAt: (call) => diesAt(call, invocation),
      die() {
        life.dead = true;
        deaths += 1;
        resolve(undefined);
      },
    };
    const result = await Promise.race([lives.run(life, run), died]);
    calls[invocation - 1] = life.calls;
    return result;
  }

  const harness = createHarness({
    createQueue(host) {
      const opened = openAws({ now: host.now, consume: host.consume }, aws.services(), installation, invoke);
      const { queue, ledger, deadLetters, replays, waits } = opened;
      makeMortal(opened.sqs);
      if (waits === undefined) throw new Error('publishers can wait on AWS');
      return {
        queue,
        ledger,
        deadLetters,
        replays,
        waits,
        drain: () => opened.drain(),
        nextAt: () => opened.nextAt(),
      };
    },
  });
  return { harness, calls, deaths: () => deaths };
}

interface Scenario {
  readonly rule?: Record<string, unknown>;
  readonly archive?: true;
  readonly events: readonly Record<string, unknown>[];
  /** What the target answers, by how often it was called with the event before. */
  readonly answer?: (before: number) => number;
  readonly end?: 'dead-lettered';
}

const three = ['a', 'b', 'c'].map((id) => createEvent(id));
const crm = { name: 'crm', http: { url: 'https://crm.example.com/hook' } };
const scenarios: Readonly<Record<string, Scenario>> = {
  'is delivered': { events: three },
  'is tried again': { events: three, answer: (before) => (before === 0 ? 503 : 204) },
  'is given up': { events: three, answer: () => 400, end: 'dead-lettered' },
  'waits in lanes of an ordered target': {
    rule: { targets: [{ ...crm, ordering: 'partitionkey' }] },
    events: three.map((event) => ({ ...event, partitionkey: 'p' })),
  },
  'is archived as well': { archive: true, events: three },
  'lies in the bucket, for its size': { events: [createEvent('large', { data: incompressible(1_000_000) })] },
};

/** What every accepted event came to is counted at its target, or among the dead letters. */
async function run(
  { rule = {}, archive, events, answer = () => 204, end }: Scenario,
  diesAt: Parameters<typeof createMortal>[0],
): Promise<{ readonly missing: string[]; readonly calls: readonly number[]; readonly deaths: number }> {
  const { harness, calls, deaths } = await createMortal(diesAt);
  const taken = new Map<string, number>();
  harness.answer = ({ headers }) => {
    const id = headers.get('ce-id') ?? '';
    return through({ eventId: id }, () => {
      const before = taken.get(id) ?? 0;
      const status = answer(before);
      taken.set(id, before + 1);
      if (status === 204) delivered.add(id);
      return Promise.resolve(new Response(null, { status }));
    });
  };
  const delivered = new Set<string>();
  await withRule(harness, rule);
  if (archive === true) {
    const all = { filter: { pattern: { specversion: ['1.0'] } }, retention: '24h' };
    await harness.admin('PUT', '/v1/admin/buses/default/archives/all', all);
  }
  const response = await harness.publish(events);
  expect(response.status).toBe(202);
  await harness.drain(harness.now + 4 * 86_400_000);
  const found = end === undefined ? delivered : new Set((await deadLetters(harness)).map(({ eventId }) => eventId));
  const ids = events.map(({ id }) => String(id));
  return { missing: ids.filter((id) => !found.has(id)), calls, deaths: deaths() };
}

async function deadLetters(harness: Harness) {
  return harness.deliveries('status=dead-lettered');
}

describe('an event whose dispatch dies between any two of its calls', () => {
  for (const [name, scenario] of Object.entries(scenarios)) {
    it(`${name}, all the same`, async () => {
      let places = 0;
      for (const how of ['before', 'after'] as const) {
        for (let place = 1; ; place += 1) {
          const { missing, deaths } = await run(scenario, ({ number }, invocation) =>
            invocation === 1 && number === place ? how : undefined,
          );
          expect(missing, `killed ${how} call ${place}`).toEqual([]);
          if (deaths === 0) break;
          places += 1;
        }
      }
      expect(places).toBeGreaterThan(4);
    });
  }

  it('is delivered although it died more often than the queue tries, and its guard, too', async () => {
    const { missing, deaths } = await run({ events: three }, ({ number }, invocation) =>
      invocation <= 14 && number === 1 ? 'before' : undefined,
    );
    expect({ missing, deaths }).toEqual({ missing: [], deaths: 14 });
  });
});

describe('an event that our own code dies of each time', () => {
  it('becomes a dead letter, and those that were in a batch with it are delivered', async () => {
    const { harness } = await createMortal(({ eventId }) => (eventId === 'poison' ? 'before' : undefined));
    const delivered = new Set<string>();
    harness.answer = ({ headers }) => {
      const eventId = headers.get('ce-id') ?? '';
      return through({ eventId }, () => {
        delivered.add(eventId);
        return Promise.resolve(new Response(null, { status: 204 }));
      });
    };
    await withRule(harness);
    for (const id of ['a', 'poison', 'b', 'c']) await harness.publish(createEvent(id));
    await harness.drain(harness.now + 4 * 86_400_000);
    expect([...delivered].toSorted()).toEqual(['a', 'b', 'c']);
    const [dead, ...others] = await deadLetters(harness);
    expect(others).toEqual([]);
    expect(dead).toMatchObject({ eventId: 'poison', rule: 'all', target: 'crm' });
    expect(dead?.reason).toContain('our own code died');
    expect(JSON.parse(dead?.event ?? '')).toEqual(createEvent('poison'));
  });
});

function incompressible(length: number): { text: string } {
  let state = 1;
  const text = Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return String.fromCharCode(97 + (state % 26)) + String.fromCharCode(0x4e00 + (state % 20_000));
  });
  return { text: text.join('').slice(0, length / 3) };
}
