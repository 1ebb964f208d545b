/** Something deep and something wide: what an event may hold. */
export function hostileData(): { deep: unknown; wide: number[] } {
  let deep: unknown = 1;
  for (let level = 0; level < 60; level += 1) deep = { a: deep, b: [level] };
  return { deep, wide: Array.from({ length: 2000 }, (_, index) => index) };
}
