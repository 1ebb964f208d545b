import type { TaskDocument } from '../../../admin/tasks/task-document.ts';
import type { Event } from '../../../event/event.ts';
import type { TaskName } from '../../../mesh/connector/task.ts';
import type { Process } from './process.ts';

/** Watches what happens to positions and records, and says what must not be. */
export interface Oracle {
  readonly violations: readonly string[];
  /** The id of an event is `{connector}/{partition}/{number}`. */
  published(worker: string, events: readonly Event[]): void;
  /** A worker has given up a task, and begins anew where it has it again. */
  left(worker: string, task: TaskName): void;
  wrote(writer: string, key: string, change: { before: unknown; after: unknown; now: number }): void;
  /** Whether every wanted task is in good hands, or was not out of them for longer than three beats. */
  checkHolders(tasks: readonly TaskDocument[], processes: ReadonlyMap<string, Process>, now: number): void;
  /** At the end: everything that the source had is published or set aside. */
  checkArrivals(task: string, count: number): void;
  /** At the end: nobody has two more than another. */
  checkBalance(tasks: readonly TaskDocument[], alive: readonly string[]): void;
}

export interface OracleOptions {
  readonly beatMs: number;
  /** What calls, skewed clocks and refused ones add to the three beats. */
  readonly slackMs: number;
}

export function createOracle({ beatMs, slackMs }: OracleOptions): Oracle {
  const violations: string[] = [];
  /** How often each record was published, and by how many pulls that were stored. */
  const published = new Map<string, number>();
  const setAside = new Set<string>();
  /** What each worker has published of each task since its position was last stored. */
  const pending = new Map<string, Map<string, Set<string>>>();
  const stored = new Map<string, number>();
  const orphanedSince = new Map<string, number>();
  const servedAt = new Map<string, number>();
  const positions = new Map<string, number>();
  /** Where the pull began with which a worker published what was stored, since it began with the task. */
  const repeated = new Map<string, number>();

  function violate(text: string): void {
    if (violations.length < 20) violations.push(text);
  }

  /** What is stored already comes again from somebody who did not know it, and by the one pull that he was at. */
  function checkRepetition(worker: string, task: string, first: number): void {
    if (first >= (positions.get(task) ?? 0)) return;
    const key = `${worker} ${task}`;
    const former = repeated.get(key) ?? first;
    repeated.set(key, first);
    if (former !== first)
      violate(`${task}: ${worker} publishes from ${former} and from ${first} what others have stored`);
  }

  return {
    violations,

    published(worker, events) {
      const [first = ''] = events.map(({ attributes }) => attributes.id);
      const task = taskOf(first);
      checkRepetition(worker, task, numberOf(first));
      const byWorker = pending.get(task) ?? new Map<string, Set<string>>();
      pending.set(task, byWorker);
      const own = byWorker.get(worker) ?? new Set();
      byWorker.set(worker, own);
      for (const { attributes } of events) {
        published.set(attributes.id, (published.get(attributes.id) ?? 0) + 1);
        own.add(attributes.id);
      }
    },

    left(worker, { connector, partition }) {
      repeated.delete(`${worker} ${connector}/${partition.index}`);
    },

    wrote(writer, key, { before, after, now }) {
      if (key.startsWith('quarantine/')) {
        if (after !== undefined) setAside.add(JSON.parse((after as { readonly record: string }).record) as string);
        return;
      }
      if (!key.startsWith('task/') || before === undefined || after === undefined) return;
      const [former, next] = [before as TaskDocument, after as TaskDocument];
      const task = `${next.connector}/${next.partition.index}`;
      if (next.totals.pulls > former.totals.pulls) servedAt.set(task, now);
      // Who gives it back is awake, and nobody is late yet.
      if (next.holder === undefined && former.holder?.worker === writer) orphanedSince.delete(task);
      const from = positionOf(former);
      const to = positionOf(next);
      positions.set(task, to);
      if (next.holder !== undefined && next.fence !== former.fence) repeated.delete(`${next.holder.worker} ${task}`);
      if (from === to && former.totals.records === next.totals.records) return;
      if (to < from) violate(`${task} went back from ${from} to ${to}`);
      if (former.holder?.worker !== writer) {
        violate(`${task}: ${writer} wrote the position while ${former.holder?.worker ?? 'nobody'} held it`);
      }
      const own = pending.get(task)?.get(writer) ?? new Set<string>();
      for (let number = from; number < to; number += 1) {
        const id = `${task}/${number}`;
        if (number % 7 === 3 ? !setAside.has(id) : !own.has(id)) {
          violate(`${id} was passed over: ${writer} stored a position behind it before it was durable`);
        }
        stored.set(id, (stored.get(id) ?? 0) + 1);
      }
      pending.get(task)?.delete(writer);
    },

    checkHolders(tasks, processes, now) {
      for (const task of tasks) {
        const name = `${task.connector}/${task.partition.index}`;
        const holder = task.holder === undefined ? undefined : processes.get(task.holder.worker);
        if (holder?.state === 'running') {
          orphanedSince.delete(name);
          continue;
        }
        const began = Math.max(holder?.since ?? 0, orphanedSince.get(name) ?? (holder === undefined ? now : 0));
        orphanedSince.set(name, began);
        const since = Math.max(began, servedAt.get(name) ?? 0);
        if (now - since > 3 * beatMs + slackMs) {
          violate(
            `at ${Math.round(now)} ${name} is without a worker for ${Math.round((now - since) / 100) / 10} s (${task.reason})`,
          );
        }
      }
    },

    checkArrivals(task, count) {
      for (let number = 0; number < count; number += 1) {
        const id = `${task}/${number}`;
        const arrived = number % 7 === 3 ? setAside.has(id) : published.has(id);
        if (!arrived) violate(`${id} is lost`);
        if ((stored.get(id) ?? 0) > 1)
          violate(`${id} was stored ${stored.get(id)} times: somebody's position was not moved`);
      }
    },

    checkBalance(tasks, alive) {
      const loads = new Map(alive.map((worker) => [worker, 0]));
      for (const { holder } of tasks) {
        if (holder !== undefined) loads.set(holder.worker, (loads.get(holder.worker) ?? 0) + 1);
      }
      const counts = [...loads.values()];
      if (Math.max(...counts) - Math.min(...counts) > 1) violate(`the tasks are not balanced: ${counts.join(' ')}`);
    },
  };
}

function taskOf(id: string): string {
  return id.slice(0, id.lastIndexOf('/'));
}

function numberOf(id: string): number {
  return Number(id.slice(id.lastIndexOf('/') + 1));
}

function positionOf({ position }: TaskDocument): number {
  const at = position?.['at'];
  return typeof at === 'number' ? at : 0;
}
