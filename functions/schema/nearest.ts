/** The known name that takes the fewest edits from what was written; `undefined` when none is near. */
export function findNearest(written: string, known: readonly string[]): string | undefined {
  const word = written.slice(0, 64).toLowerCase();
  let nearest: string | undefined;
  // More than half of the letters changed is another word, not a slip.
  let fewest = Math.floor(word.length / 2) + 1;
  for (const name of known) {
    const edits = countEdits(word, name.toLowerCase());
    if (edits < fewest) {
      fewest = edits;
      nearest = name;
    }
  }
  return nearest;
}

/** Levenshtein distance in which two neighbours that changed places are one edit: `ulr` is one from `url`. */
function countEdits(left: string, right: string): number {
  let before: number[] = [];
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      const swapped = isSwap ? (before[j - 2] ?? 0) + 1 : Infinity;
      next.push(Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[right.length] ?? 0;
}
