import type { Change } from '../../client/configuration.ts';

/** Looks at changes from the first one on. */
export async function verifyChain(
  changes: AsyncIterable<Pick<Change, 'change' | 'hash' | 'previousHash' | 'intact'>>,
  expected?: { readonly change: number; readonly hash: string },
): Promise<{ readonly faults: string[]; readonly hash: string }> {
  const faults: string[] = [];
  let [sequence, hash] = [0, ''];
  for await (const change of changes) {
    sequence += 1;
    const name = `Change ${change.change}`;
    if (change.change !== sequence) faults.push(`${name} stands where change ${sequence} should be.`);
    if (change.previousHash !== hash) faults.push(`${name} does not follow the one before.`);
    if (!change.intact) faults.push(`${name} does not have its own hash: it was altered.`);
    ({ hash } = change);
    if (expected?.change === change.change && expected.hash !== hash) {
      faults.push(`${name} does not have the hash that it had: the history was rewritten.`);
    }
  }
  return { faults, hash };
}
