/** How many leading bits of an address are kept. */
export interface PrefixLengths {
  readonly ipv4: number;
  readonly ipv6: number;
}

/**
 * The network that an address is in, as its first address: 203.0.113.7 by 24 bits is 203.0.113.0, 2001:db8:1:2::3 by 48
 * is 2001:db8:1::. An IPv4 address that was mapped into IPv6 (::ffff:203.0.113.7) is read as the IPv4 address that it
 * is. `undefined` for what is no address, and for an address with a zone, a port or leading zeros.
 */
export function networkOf(text: string, { ipv4, ipv6 }: PrefixLengths): string | undefined {
  const bytes = ipv4Bytes(text);
  if (bytes) return keepBits(bytes, 8, ipv4).join('.');
  const groups = ipv6Groups(text);
  if (!groups) return undefined;
  const [g0, g1, g2, g3, g4, g5, g6 = 0, g7 = 0] = groups;
  if (g0 === 0 && g1 === 0 && g2 === 0 && g3 === 0 && g4 === 0 && g5 === 0xffff) {
    return keepBits([g6 >> 8, g6 & 255, g7 >> 8, g7 & 255], 8, ipv4).join('.');
  }
  // 6to4 (RFC 3056) has an IPv4 address after its first 16 bits.
  const bits = g0 === 0x2002 ? Math.min(ipv6, 16 + ipv4) : ipv6;
  return shortest(keepBits(groups, 16, bits));
}

function keepBits(parts: readonly number[], width: number, bits: number): number[] {
  return parts.map((part, index) => {
    const dropped = Math.min(Math.max((index + 1) * width - bits, 0), width);
    return (part >> dropped) << dropped;
  });
}

function ipv4Bytes(text: string): number[] | undefined {
  if (!/^(?:\d{1,3}\.){3}\d{1,3}$/.test(text)) return undefined;
  const bytes = text.split('.').map(Number);
  return bytes.join('.') === text && bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

/** Its eight numbers of 16 bits. The URL Standard's parser reads every form of RFC 4291 and nothing else. */
function ipv6Groups(text: string): number[] | undefined {
  if (!/^[\da-fA-F:.]{2,45}$/.test(text) || !URL.canParse(`http://[${text}]`)) return undefined;
  const [head = '', tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::');
  const before = numbersOf(head);
  const after = numbersOf(tail ?? '');
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}

function numbersOf(groups: string): number[] {
  return groups === '' ? [] : groups.split(':').map((group) => Number.parseInt(group, 16));
}

/** RFC 5952, as the URL Standard writes it. */
function shortest(groups: readonly number[]): string {
  const text = groups.map((group) => group.toString(16)).join(':');
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}
