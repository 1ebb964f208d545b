import { call, publish, readBooks } from './api.ts';
import { createArrivals } from './arrivals.ts';
import { checkBooks } from './books.ts';
import { type Load, startLoad } from './load.ts';
import type { CrashMesh } from './mesh.ts';
import { createRepeats } from './repeats.ts';
import { startTarget } from './target.ts';
import { settles } from './wait.ts';

export interface CrashTestOptions {
  readonly mesh: CrashMesh;
  readonly clients: number;
  /** Processes that lose each other may deliver what the others have as well: then repetitions are told, and no failure. */
  readonly mayRepeat?: true;
  /** What happens to it. */
  readonly disturb: (hands: {
    readonly load: Load;
    /** Kills a process of the mesh. */
    readonly kill: () => Promise<void>;
  }) => Promise<void>;
}

/** Publishes while it is disturbed, and says whether everything that was acknowledged arrived, and no more came twice than may. */
export async function crashTest({ mesh, clients, mayRepeat, disturb }: CrashTestOptions): Promise<void> {
  const arrivals = createArrivals();
  const target = await startTarget((id) => arrivals.arrive(id));
  process.exitCode = 1;
  try {
    await call(mesh, 'PUT', '/v1/admin/buses/default', {});
    await call(mesh, 'PUT', '/v1/admin/buses/default/rules/all', {
      filter: { pattern: { source: ['/crash'] } },
      targets: [{ name: 'counter', http: { url: target.url, timeoutSeconds: 30 } }],
    });
    const repeats = createRepeats({
      settled: async () => (await readBooks(mesh)).delivered,
      arrived: () => arrivals.done,
    });
    const load = startLoad(clients, (events) => publish(mesh, events), 50);
    await disturb({ load, kill: () => repeats.kill(mesh) });
    await load.stop();
    const { acknowledged, unanswered } = load;
    await settles(
      () => arrivals.missing(acknowledged).length === 0,
      () => arrivals.total,
    );
    const missing = arrivals.missing(acknowledged);
    const wrongBooks = await checkBooks(() => readBooks(mesh), { acknowledged: acknowledged.length, unanswered });
    const failures = [
      ...(missing.length === 0 ? [] : [`lost: ${arrivals.describe(missing)}`]),
      ...(wrongBooks === undefined ? [] : [`the books: ${wrongBooks}`]),
      ...(mayRepeat || arrivals.repeated <= repeats.allowed
        ? []
        : [`${arrivals.repeated} came once more than they had to`]),
      ...(mesh.alive() ? [] : ['a process ended by itself']),
    ];
    console.log(
      JSON.stringify({
        kills: repeats.kills,
        acknowledged: acknowledged.length,
        unanswered,
        lost: missing.length,
        duplicates: arrivals.repeated,
        mayBeDuplicates: repeats.allowed,
        booksBalance: wrongBooks === undefined,
      }),
    );
    conclude(failures, mesh);
  } catch (error) {
    conclude([String(error)], mesh);
    throw error;
  } finally {
    await mesh.stop();
    target.stop();
  }
}

/** The last line, and the exit code. */
export function conclude(failures: readonly string[], mesh: Pick<CrashMesh, 'said'>): void {
  for (const failure of failures) console.log(failure);
  if (failures.length > 0) console.log(`The mesh said at last:\n${mesh.said()}`);
  console.log(failures.length === 0 ? '1 passed, 0 failed' : '0 passed, 1 failed');
  process.exitCode = failures.length === 0 ? 0 : 1;
}
