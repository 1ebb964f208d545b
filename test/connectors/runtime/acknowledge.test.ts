import { beforeEach, describe, expect, it } from 'vitest';
import { createTaskRun } from '../../../connectors/runtime/task-run.ts';
import { defineSource, type Source } from '../../../mesh/connector/source.ts';
import type { Assignment, Committed, Report } from '../../../mesh/connector/task.ts';

/** A queue: what it handed out stays with it until it is acknowledged, on the session that it was handed out on. */
function createQueue(bodies: readonly string[]) {
  const kept = new Map(bodies.map((body, index) => [`m${index}`, body]));
  const sessions = { opened: 0, closed: 0 };
  let refuses = false;
  const source = defineSource<unknown, { readonly number: number }>({
    kind: 'queue',
    description: 'A queue',
    schema: { type: 'object' },
    platforms: ['node'],
    open: async () => ({ number: (sessions.opened += 1) }),
    close: async () => void (sessions.closed += 1),
    pull: async (_position, { limit, session }) => {
      const handedOut = [...kept].slice(0, limit.records);
      return {
        records: handedOut.map(([id, data]) => ({ id, data })),
        position: {},
        done: handedOut.length === 0,
        receipt: { ids: handedOut.map(([id]) => id), session: session.number },
      };
    },
    async acknowledge({ receipt }, { session }) {
      const { ids, session: own } = receipt as { ids: string[]; session: number };
      if (refuses) throw new Error('nothing can be deleted');
      expect(session.number).toBe(own);
      for (const id of ids) kept.delete(id);
    },
  });
  return { source: source as Source, kept, sessions, refuse: (value: boolean) => void (refuses = value) };
}

describe('a source that acknowledges', () => {
  let log: string[];
  let published: string[];
  let reports: Report[];
  /** What happens instead of storing. */
  let commit: () => Promise<Committed>;
  let queue: ReturnType<typeof createQueue>;

  beforeEach(() => {
    [log, published, reports] = [[], [], []];
    commit = async () => 'goes-on';
    queue = createQueue(['a', 'b', 'c', 'd']);
  });

  /** A worker that has just started. */
  function startRun(revision = 1): ReturnType<typeof createTaskRun> {
    const source: Source = {
      ...queue.source,
      acknowledge: async (pulled, context) => {
        log.push('acknowledge');
        await queue.source.acknowledge?.(pulled, context);
      },
    };
    return createTaskRun(assignmentOf(revision), {
      sources: [source],
      tasks: {
        beat: async () => ({ run: [], release: [] }),
        release: async () => undefined,
        async commit(_holding, report) {
          log.push(report.failure === undefined ? 'store' : 'fail');
          reports.push(report);
          return commit();
        },
      },
      publish: async (_home, events) => {
        log.push('publish');
        published.push(...events.map(({ attributes }) => attributes.id));
      },
      quarantine: async () => undefined,
      contextOf: () => ({}) as never,
      runtime: { now: () => 1_000, random: () => 0.5, pause: () => new Promise<void>(() => undefined) },
      report: () => undefined,
    });
  }

  it('is told after the events are published and the position is stored', async () => {
    const run = startRun();
    expect(await run.step()).toBe('goes-on');
    expect(log).toEqual(['publish', 'store', 'acknowledge']);
    expect([...queue.kept.values()]).toEqual(['c', 'd']);
  });

  it('may stay at one position for as long as it likes', async () => {
    const run = startRun();
    for (let step = 0; step < 3; step += 1) await run.step();
    expect(published).toEqual(['m0', 'm1', 'm2', 'm3']);
    expect(reports.map(({ failure }) => failure)).toEqual([undefined, undefined, undefined]);
  });

  it('hands the same events out again when the worker dies before it is told', async () => {
    commit = () => Promise.reject(new Error('the process is gone'));
    await expect(startRun().step()).rejects.toThrow('the process is gone');
    expect(queue.kept.size).toBe(4);
    commit = async () => 'goes-on';
    const next = startRun();
    for (let step = 0; step < 3; step += 1) await next.step();
    expect(published).toEqual(['m0', 'm1', 'm0', 'm1', 'm2', 'm3']);
    expect(queue.kept.size).toBe(0);
  });

  it('is told nothing by a worker that has lost its task', async () => {
    commit = async () => 'lost';
    expect(await startRun().step()).toBe('lost');
    expect(log).toEqual(['publish', 'store']);
    expect(queue.kept.size).toBe(4);
  });

  it('is failing, on a new connection, where it cannot be told', async () => {
    queue.refuse(true);
    const run = startRun();
    await run.step();
    expect(log).toEqual(['publish', 'store', 'acknowledge', 'fail']);
    expect(reports.at(-1)).toMatchObject({ failure: 'nothing can be deleted', records: 0 });
    expect(run.dueAt()).toBeGreaterThan(1_000);
    expect(queue.sessions).toEqual({ opened: 1, closed: 1 });
    queue.refuse(false);
    await run.step();
    expect(published).toEqual(['m0', 'm1', 'm0', 'm1']);
    expect([...queue.kept.values()]).toEqual(['c', 'd']);
  });

  it('is told on the connection of the pull, also when the connector was changed meanwhile', async () => {
    const run = startRun();
    commit = async () => {
      await run.adopt(assignmentOf(2));
      return 'goes-on';
    };
    await run.step();
    expect([...queue.kept.values()]).toEqual(['c', 'd']);
    expect(queue.sessions).toEqual({ opened: 1, closed: 0 });
    await run.step();
    expect(queue.sessions).toEqual({ opened: 2, closed: 1 });
  });
});

function assignmentOf(revision: number): Assignment {
  return {
    task: { tenant: 'acme', bus: 'main', connector: 'jobs', partition: { index: 0, count: 1 } },
    worker: 'w',
    fence: 1,
    position: undefined,
    phase: 'incremental',
    dueAt: 0,
    failures: 0,
    pulls: 0,
    connector: {
      kind: 'queue',
      options: {},
      schedule: { kind: 'every', seconds: 60 },
      mode: 'incremental',
      batchSize: 2,
      timeoutSeconds: 30,
      eventSource: '/jobs',
      eventType: 'job',
      revision,
    },
  };
}
