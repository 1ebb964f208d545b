/**
 * Whether an IP address is one of the public internet. `address` is an address as a resolver or a URL's host gives
 * it: dotted IPv4, or IPv6 with or without brackets. What cannot be read is not public.
 *
 * An adapter that resolves names itself (Node, Lambda) asks this for every address of a name at the moment it dials:
 * what the name meant when the target was configured says nothing about what it means now (DNS rebinding).
 */
export function isPublicAddress(address: string): boolean {
  const v4 = parseIpv4(address);
  if (v4 !== undefined) return isPublicIpv4(v4);
  const v6 = parseIpv6(address);
  return v6 !== undefined && isPublicIpv6(v6);
}

/** Dotted IPv4 as an unsigned 32-bit number. */
export function parseIpv4(address: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)?.slice(1).map(Number);
  if (!parts || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

// The IANA special-purpose registry (RFC 6890 and what followed), multicast, class E, and one metadata service that
// a cloud put into its public range. [network, prefix length]
const specialIpv4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // Azure WireServer
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

const blockedIpv4 = specialIpv4.map(([network, length]) => ({
  network: parseIpv4(network) ?? 0,
  size: 2 ** (32 - length),
}));

function isPublicIpv4(address: number): boolean {
  return !blockedIpv4.some(({ network, size }) => address >= network && address < network + size);
}

/** Eight groups of 16 bits. The platform's URL parser knows every way of writing one, so it does the reading. */
function parseIpv6(address: string): number[] | undefined {
  const bare = address.startsWith('[') && address.endsWith(']') ? address.slice(1, -1) : address;
  if (!/^[\da-f:.]+$/i.test(bare) || !URL.canParse(`http://[${bare}]/`)) return undefined;
  const [head = '', tail] = new URL(`http://[${bare}]/`).hostname.slice(1, -1).split('::');
  const left = groupsOf(head);
  if (tail === undefined) return left;
  const right = groupsOf(tail);
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

function isPublicIpv6(groups: readonly number[]): boolean {
  const [a = 0, b = 0, c = 0, , , f = 0, g = 0, h = 0] = groups;
  // IPv4-mapped: it is that IPv4 address that is dialled.
  if (groups.slice(0, 5).every((group) => group === 0) && f === 0xffff) return isPublicIpv4(g * 65_536 + h);
  // Global unicast is 2000::/3; everything else is loopback, local, multicast, translation (64:ff9b) or not given out.
  if (a < 0x2000 || a > 0x3fff) return false;
  if (a === 0x2001 && b < 0x0200) return false; // IETF protocols, 2001::/23: Teredo, ORCHID, benchmarks
  if (a === 0x2001 && b === 0x0db8) return false; // documentation
  if (a === 0x2002) return false; // 6to4: carries any IPv4 address
  if (a === 0x2620 && b === 0x004f && c === 0x8000) return false; // AS112
  if (a === 0x3ffe) return false; // 6bone, returned
  return !(a === 0x3fff && b < 0x1000); // documentation, 3fff::/20
}
