/** An IP address as lower-case hex digits: 8 for IPv4, 32 for IPv6. An IPv4-mapped IPv6 address is its IPv4 address. */
export function parseAddress(text: string): string | undefined {
  if (text.length > maxAddressLength) return undefined;
  return text.includes(':') ? parseV6(text) : parseV4(text);
}

/** The address as people write it; IPv6 in full, eight groups without leading zeros. */
export function formatAddress(digits: string): string {
  const isV4 = digits.length === 8;
  const groups = digits.match(isV4 ? /../g : /..../g) ?? [];
  return groups.map((group) => parseInt(group, 16).toString(isV4 ? 10 : 16)).join(isV4 ? '.' : ':');
}

/** Whether an address lies in a range whose ends are of one family. */
export function isAddressWithin(address: string, from: string, to: string): boolean {
  if (address.length === from.length) return from <= address && address <= to;
  // Families differ: only their first 32 bits are compared. An IPv4 address lies in an IPv6 range where those bits
  // alone decide it, which makes `::/0` take IPv4 addresses as well.
  if (address.length < from.length) return from.slice(0, 8) < address && address < to.slice(0, 8);
  const start = address.slice(0, 8);
  return from <= start && start <= to;
}

/** The first and the last address of a network. */
export function addressRange(address: string, maskBits: number): { from: string; to: string } {
  const bits = BigInt(address.length * 4);
  const free = (1n << (bits - BigInt(maskBits))) - 1n;
  const value = BigInt(`0x${address}`);
  const digits = (number: bigint): string => number.toString(16).padStart(address.length, '0');
  return { from: digits(value & ~free), to: digits(value | free) };
}

/** Eight groups of four digits and seven colons. */
const maxAddressLength = 39;

function parseV4(text: string): string | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || text.length > 15) return undefined;
  let digits = '';
  for (const part of parts) {
    if (!/^[0-9]+$/.test(part) || Number(part) > 255) return undefined;
    digits += Number(part).toString(16).padStart(2, '0');
  }
  return digits;
}

function parseV6(text: string): string | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? '');
  const tail = groupsOf(halves[1] ?? '');
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  // `::` stands for one group at least.
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const digits = [...head, ...Array<string>(missing).fill('0000'), ...tail].join('');
  return digits.startsWith(mappedPrefix) ? digits.slice(mappedPrefix.length) : digits;
}

const mappedPrefix = '00000000000000000000ffff';

function groupsOf(text: string): string[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  return groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))
    ? groups.map((group) => group.toLowerCase().padStart(4, '0'))
    : undefined;
}
