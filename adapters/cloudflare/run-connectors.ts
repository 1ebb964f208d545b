import { runDueTasks } from '../../connectors/runtime/single-run.ts';
import type { Mesh } from '../mesh.ts';

/** What is due in this minute; what is not done by its end goes on in the next one. */
export async function runConnectors(mesh: Mesh, scheduledTime: number): Promise<void> {
  await runDueTasks({
    services: mesh.connectors,
    id: `scheduled-${scheduledTime}-${crypto.randomUUID()}`,
    capacity: TASKS,
    budgetMs: BUDGET_MS,
  });
}

/** Six connections at a time is what an invocation has. */
const TASKS = 20;
const BUDGET_MS = 50_000;
