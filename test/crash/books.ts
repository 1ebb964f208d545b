import { setTimeout as pause } from 'node:timers/promises';
import type { BusBooks } from '../../mesh/bus-books.ts';

/**
 * Whether the books are right when everything has come to its end: every delivery that was planned was delivered once in
 * them, whatever the kills repeated, and there were as many as events that were taken. Says what is wrong.
 */
export async function checkBooks(
  read: () => Promise<unknown>,
  { acknowledged, unanswered }: { readonly acknowledged: number; readonly unanswered: number },
): Promise<string | undefined> {
  let books = (await read()) as BusBooks;
  // The last settlement may be on its way.
  for (let wait = 0; books.pending > 0 && wait < 100; wait++) {
    if (books.balanced === false) break;
    await pause(100);
    books = (await read()) as BusBooks;
  }
  const { planned, delivered, pending, balanced } = books;
  const isRight = balanced === true && pending === 0 && delivered === planned;
  if (isRight && planned >= acknowledged && planned <= acknowledged + unanswered) return undefined;
  const { shards: _shards, ...said } = books;
  return JSON.stringify(said);
}
