/** The known word that was probably meant; `undefined` where none is near. */
export function findNearest(word: string, known: readonly string[]): string | undefined {
  const near = known
    .map((one) => ({ one, distance: one.startsWith(word) ? 0.5 : distanceOf(word, one) }))
    .filter(({ one, distance }) => distance <= Math.max(1, Math.floor(Math.max(word.length, one.length) / 3)))
    .sort((one, other) => one.distance - other.distance);
  return near[0]?.one;
}

/** Signs that are left out, put in, replaced, or exchanged with the next one. */
function distanceOf(one: string, other: string): number {
  let before: number[] = [];
  let above = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let row = 1; row <= one.length; row++) {
    const line = [row];
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwap = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      line[column] = Math.min(
        (above[column] ?? 0) + 1,
        (line[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (isSame ? 0 : 1),
        ...(isSwap ? [(before[column - 2] ?? 0) + 1] : []),
      );
    }
    before = above;
    above = line;
  }
  return above[other.length] ?? 0;
}
