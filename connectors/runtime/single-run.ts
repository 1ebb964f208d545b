import type { Assignment, Heartbeat } from '../../mesh/connector/task.ts';
import type { ConnectorServices } from './services.ts';
import { createTaskRun } from './task-run.ts';

export interface SingleRunOptions {
  readonly services: ConnectorServices;
  /** See `Heartbeat`; never the same for two. */
  readonly id: string;
  /** The most tasks that it takes. */
  readonly capacity: number;
  /** No pull begins later than this. */
  readonly budgetMs: number;
  /** What still runs then is cut off, and counts as failed; without it a pull ends by its own time limit. */
  readonly endMs?: number | undefined;
}

/**
 * What a scheduled invocation does: takes tasks that are due, runs them side by side until nothing is due or the budget is
 * over, and gives them back. If it dies, others have them two beats later.
 */
export async function runDueTasks({ services, id, capacity, budgetMs, endMs }: SingleRunOptions): Promise<void> {
  const { tasks, runtime, sources, report } = services;
  const deadline = runtime.now() + budgetMs;
  const endsAt = endMs === undefined ? undefined : runtime.now() + endMs;
  // One beat for the whole run: until that is over, it counts as alive.
  const heartbeat: Heartbeat = {
    worker: id,
    beatSeconds: Math.max(30, Math.ceil(budgetMs / 1000)),
    kinds: sources.map(({ kind }) => kind),
    capacity,
    ephemeral: true,
  };

  async function work(assignment: Assignment): Promise<void> {
    const run = createTaskRun(assignment, services, endsAt);
    try {
      while (runtime.now() < deadline) {
        const wait = run.dueAt() - runtime.now();
        // Between two pages it waits; for the next run somebody else comes.
        if (wait > 0 && (!run.hasMore() || run.dueAt() >= deadline)) break;
        if (wait > 0) await runtime.pause(wait);
        if ((await run.step()) !== 'goes-on') return;
      }
      await tasks.release(assignment, 'the run has ended');
    } catch (error) {
      report('a task of a connector was left; it is begun again', error);
    } finally {
      await run.close();
    }
  }

  const { run } = await tasks.beat(heartbeat);
  await Promise.all(run.map(work));
  await tasks.beat({ ...heartbeat, leaving: true });
}
