import { TulleError } from '../../event/error.ts';
import type { TargetPolicy } from '../sink.ts';
import { isPublicAddress } from './address.ts';

/**
 * The outbound guard: whether a target's URL may be called (server-side request forgery). Answers the parsed URL.
 *
 * Refused are other schemes than http and https, credentials in the URL, ports of services that are no web servers,
 * addresses that are not public, and names that mean the inside of some network. Plain http is allowed, because
 * receivers exist that have nothing else; it hides neither events nor signatures from anybody on the way.
 * `allowPrivateTargets` (development) lifts what is said about addresses and names, the rest stays.
 *
 * A name is judged as a name: what it resolves to is the dialler's matter (`isPublicAddress`).
 * @throws TulleError `target_invalid`.
 */
export function checkTargetUrl(url: string, policy: TargetPolicy, place?: string): URL {
  // The WHATWG parser is what fetch uses: judging its result leaves no room between what is checked and what is
  // called (`0x7f.1`, `①②⑦.⓪.⓪.①`, `http:/127.0.0.1`). What it would silently repair is refused outright.
  const parsed = /[\p{Cc}\s\\]/u.test(url) ? null : URL.parse(url);
  if (!parsed) throw refused('It is not an absolute URL', 'Write it as https://host/path.', place);
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') {
    throw refused('Its scheme is neither https nor http', 'Write it as https://host/path.', place);
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw refused('It has credentials in it', 'Send credentials as a header.', place);
  }
  if (parsed.port !== '' && isServicePort(Number(parsed.port))) {
    throw refused(`Port ${parsed.port} belongs to another kind of service`, 'Use 443, 80 or a port from 1024.', place);
  }
  if (!policy.allowPrivateTargets && !isPublicHost(parsed.hostname)) {
    throw refused('Its host is private, special or not a full name', 'Name a host of the public internet.', place);
  }
  return parsed;
}

// Names that lead inside: special-use domains (RFC 6761, 6762, 8375, 9476), what resolvers, clusters and clouds use
// for their own network, and metadata services with a public name.
const insideSuffixes = [
  ['localhost', 'local', 'localdomain', 'internal', 'intranet', 'private', 'corp', 'home', 'lan', 'alt', 'onion'],
  ['home.arpa', 'invalid', 'svc', 'cluster', 'consul', 'metadata.goog', 'metadata.packet.net'],
  ['metadata.platformequinix.com'],
  // Public DNS that answers whatever address the name asks for: for a caller without its own resolver (Workers).
  ['nip.io', 'sslip.io', 'xip.io', 'localtest.me', 'lvh.me', 'vcap.me', 'lacolhost.com', 'local.gd', 'traefik.me'],
  ['1u.ms', 'rbndr.us'],
].flat();

function isPublicHost(hostname: string): boolean {
  if (hostname.startsWith('[')) return isPublicAddress(hostname);
  // `example.com.` is the same name, written in full.
  const name = hostname.toLowerCase().replace(/\.$/, '');
  const labels = name.split('.');
  if (labels.length < 2 || labels.includes('')) return false;
  // The parser has made every way of writing an IPv4 address a dotted one.
  if (/^\d+$/.test(labels.at(-1) ?? '')) return isPublicAddress(name);
  return !insideSuffixes.some((suffix) => name === suffix || name.endsWith(`.${suffix}`));
}

// Below 1024 everything but the web's own; above, what fetch calls a bad port, and databases, brokers and control
// planes: where a request's text could be read as commands.
const servicePorts = new Set([
  1433, 1521, 1719, 1720, 1723, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 4222, 5060, 5061,
  5432, 5672, 5900, 5984, 6000, 6379, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 8500, 9042, 9092, 9200,
  9300, 10_080, 10_250, 10_255, 11_211, 27_017,
]);

function isServicePort(port: number): boolean {
  return (port < 1024 && port !== 80 && port !== 443) || servicePorts.has(port);
}

function refused(why: string, mend: string, place: string | undefined): TulleError {
  return new TulleError('target_invalid', `The target URL is refused. ${why}`, {
    mend,
    ...(place === undefined ? {} : { place }),
  });
}
