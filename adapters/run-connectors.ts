import { runDueTasks } from '../connectors/runtime/single-run.ts';
import type { Mesh } from './mesh.ts';

export interface RunConnectorsOptions {
  /** When the invocation was scheduled for; milliseconds since the epoch. */
  readonly scheduledTime: number;
  /** Where an invocation is ended after a time: everything is over before it, and what still runs then is cut off. */
  readonly endMs?: number;
}

/** What is due in this minute; what is not done by its end goes on in the next one. */
export async function runConnectors(
  mesh: Pick<Mesh, 'connectors'>,
  { scheduledTime, endMs }: RunConnectorsOptions,
): Promise<void> {
  await runDueTasks({
    services: mesh.connectors,
    id: `scheduled-${scheduledTime}-${crypto.randomUUID()}`,
    capacity: TASKS,
    budgetMs: Math.min(BUDGET_MS, endMs ?? BUDGET_MS),
    endMs,
  });
}

/** Six connections at a time is what an invocation has on Workers. */
const TASKS = 20;
const BUDGET_MS = 50_000;
