import type { RunMysql } from '../drivers/mysql.ts';

/** When something was looked up, and by what it is known that everything before is over. */
export type Moment =
  /** By the database's list of transactions: `started` is the start of one of our own, by its clock. */
  | { readonly started: string; readonly at: number }
  /** By waiting: we may not see that list. */
  | { readonly at: number };

/** The error of a user without the privilege PROCESS. */
const ACCESS_DENIED = 1227;
const LOOKS = 50;
const SHORT_LOOKS = 5;

/**
 * Marks a moment: begins a transaction, and looks until the list of transactions has it, since that list is a copy which
 * InnoDB makes anew at most ten times a second. Called after a row was looked up: whoever has drawn a smaller value than
 * that row has, began before.
 */
export async function markMoment(run: RunMysql, now: number): Promise<Moment> {
  await run('START TRANSACTION WITH CONSISTENT SNAPSHOT', []);
  try {
    for (let look = 0; look < LOOKS; look += 1) {
      // One of a former transaction of ours is let go.
      await run('DO SLEEP(0.11)', []);
      const [own] = await run(
        `SELECT CAST(trx_started AS CHAR) AS started FROM information_schema.INNODB_TRX
         WHERE trx_mysql_thread_id = CONNECTION_ID()`,
        [],
      );
      const started = own?.['started'];
      if (typeof started === 'string') return { started, at: now };
    }
    return { at: now };
  } catch (error) {
    if (error instanceof Error && 'errno' in error && error.errno === ACCESS_DENIED) return { at: now };
    throw error;
  } finally {
    await run('COMMIT', []);
  }
}

/**
 * Whether everything that began before the moment and writes is over, and `settleMs` have passed since; where the list of
 * transactions cannot be seen, whether `unseenMs` have.
 */
export async function isSettled(
  run: RunMysql,
  moment: Moment,
  { now, settleMs, unseenMs }: { readonly now: number; readonly settleMs: number; readonly unseenMs: number },
): Promise<boolean> {
  if (!('started' in moment)) return now - moment.at >= unseenMs;
  if (now - moment.at < settleMs) return false;
  for (let look = 0; look < SHORT_LOOKS; look += 1) {
    // Most transactions are over in a moment, and the list may be a tenth of a second old.
    if (look > 0) await run('DO SLEEP(0.11)', []);
    const [row] = await run(
      `SELECT CAST(COUNT(*) AS CHAR) AS writers FROM information_schema.INNODB_TRX
       WHERE trx_started <= ? AND trx_mysql_thread_id <> CONNECTION_ID() AND trx_is_read_only = 0
         AND (trx_rows_modified > 0 OR trx_query IS NOT NULL OR trx_state <> 'RUNNING')`,
      [moment.started],
    );
    if (row?.['writers'] === '0') return true;
  }
  return false;
}
