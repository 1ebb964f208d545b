import type { BusBooks } from '../../mesh/bus-books.ts';
import { settles } from './wait.ts';

/**
 * Whether the books are right when everything has come to its end: every delivery that was planned was delivered once in
 * them, whatever the kills repeated, and there were as many as events that were taken. Says what is wrong.
 */
export async function checkBooks(
  read: () => Promise<BusBooks>,
  { acknowledged, unanswered }: { readonly acknowledged: number; readonly unanswered: number },
): Promise<string | undefined> {
  let books = await read();
  // The last settlement may be on its way.
  await settles(
    async () => {
      books = await read();
      return books.pending === 0 || books.balanced === false;
    },
    () => books.pending,
  );
  const { planned, delivered, pending, balanced } = books;
  const isRight = balanced === true && pending === 0 && delivered === planned;
  if (isRight && planned >= acknowledged && planned <= acknowledged + unanswered) return undefined;
  const { shards: _shards, ...said } = books;
  return `${JSON.stringify(said)}, where ${acknowledged} were acknowledged and ${unanswered} not answered`;
}
