/**
 * The abuse protection of CloudEvents' HTTP Webhooks (http-webhook.md §4): before it sends, a sender asks the target by
 * OPTIONS whether events are wanted there. It authenticates nobody; it keeps a mesh from being pointed at those who
 * never asked for events.
 */
export interface HandshakeRequest {
  /** A DNS name that stands for all of the sender's instances; goes with every delivery afterwards. */
  readonly origin: string;
  /** Requests per minute that the sender would like to make. */
  readonly perMinute?: number;
  /** Where the target may grant later, by GET or POST; hard to guess. */
  readonly callback?: string;
}

export type Consent =
  /** `*`: no limit was named. */
  | { readonly kind: 'granted'; readonly perMinute: number | '*' }
  /** The target may still call back. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'refused'; readonly reason: string };

/** The headers of the OPTIONS request to the target's own URL. */
export function toHandshakeHeaders({ origin, perMinute, callback }: HandshakeRequest): Record<string, string> {
  return {
    'webhook-request-origin': origin,
    ...(perMinute === undefined ? {} : { 'webhook-request-rate': String(perMinute) }),
    ...(callback === undefined ? {} : { 'webhook-request-callback': callback }),
  };
}

/**
 * What a target's answer to the OPTIONS request means. Only the headers count: a web server that answers every OPTIONS
 * with 200 has agreed to nothing.
 */
export function judgeHandshake(request: HandshakeRequest, answer: Pick<Headers, 'get'>): Consent {
  const allowed = answer.get('webhook-allowed-origin')?.trim();
  if (!allowed) {
    if (request.callback !== undefined) return { kind: 'pending' };
    return { kind: 'refused', reason: 'the target names no allowed origin' };
  }
  // DNS names do not care for case.
  if (allowed !== '*' && allowed.toLowerCase() !== request.origin.toLowerCase()) {
    return { kind: 'refused', reason: 'the target allows another origin' };
  }
  const rate = answer.get('webhook-allowed-rate')?.trim();
  if (!rate && request.perMinute !== undefined) {
    return { kind: 'refused', reason: 'the target was asked for a rate and names none' };
  }
  return judgeRate(rate);
}

/**
 * What a call of the callback grants: the rate that it names in its header or, called from a browser, the one that was
 * asked for.
 */
export function judgeCallback(request: HandshakeRequest, call: Pick<Headers, 'get'>): Consent {
  const rate = call.get('webhook-allowed-rate')?.trim();
  return rate ? judgeRate(rate) : { kind: 'granted', perMinute: request.perMinute ?? '*' };
}

/**
 * Our own answer to an OPTIONS request where events are taken: whoever has a key may send, so every origin may, at any
 * rate. A request that is no handshake hears of the methods alone.
 */
export function answerHandshake(request: Pick<Headers, 'get'>): Record<string, string> {
  const origin = request.get('webhook-request-origin')?.trim() ?? '';
  const methods = { allow: 'POST, OPTIONS' };
  return dnsName.test(origin) ? { ...methods, 'webhook-allowed-origin': origin, 'webhook-allowed-rate': '*' } : methods;
}

/** With a port at most, so that nothing else is repeated to whoever reads the answer. */
const dnsName = /^(?=.{1,253}$)[\w-]+(\.[\w-]+)*\.?(:\d{1,5})?$/;

function judgeRate(rate: string | undefined): Consent {
  if (!rate || rate === '*') return { kind: 'granted', perMinute: '*' };
  const perMinute = /^\d{1,15}$/.test(rate) ? Number(rate) : 0;
  if (perMinute > 0) return { kind: 'granted', perMinute };
  return { kind: 'refused', reason: 'the allowed rate is neither * nor a whole number above zero' };
}
