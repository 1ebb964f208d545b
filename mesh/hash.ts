/** FNV-1a, 32 bits, over UTF-16 units: the same on every platform, fast, and no secret. Another `basis` is another hash. */
export function hash(text: string, basis: number = 0x811c9dc5): number {
  let value = basis;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}
