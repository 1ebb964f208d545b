/** How a publisher wants to be answered, as it said in the header `Prefer` (RFC 7240). */
export interface Preference {
  /** `wait`: whole seconds, at most `longestWait`. */
  readonly waitSeconds: number;
  /** `reply`: the answer is to be the event that a target replies (the preference of Knative's data plane). */
  readonly reply: boolean;
}

/** Seconds; load balancers in front let go of a request soon after. */
export const longestWait = 60;

/**
 * What is to be waited for; `undefined` where nothing is. As the RFC says, a preference that is not known or not understood
 * is passed over, and of one that comes twice the first counts. `reply` alone does not wait: Knative's brokers and channels
 * send it with every event.
 */
export function readPreference(header: string | null): Preference | undefined {
  if (header === null || header.length > 1_024) return undefined;
  const preferences = new Map<string, string>();
  for (const [, name = '', value = ''] of header.matchAll(preference)) {
    const key = name.toLowerCase();
    if (!preferences.has(key)) preferences.set(key, value.replace(/^"(.*)"$/s, '$1'));
  }
  const wait = preferences.get('wait') ?? '';
  const waitSeconds = /^\d{1,9}$/.test(wait) ? Math.min(Number(wait), longestWait) : 0;
  return waitSeconds === 0 ? undefined : { waitSeconds, reply: preferences.has('reply') };
}

/** For the answer's header `Preference-Applied`. */
export function toApplied({ waitSeconds, reply }: Preference): string {
  return `wait=${waitSeconds}${reply ? ', reply' : ''}`;
}

/** At the start or after a comma: a token, perhaps a value, and parameters, which nobody here knows. */
const preference =
  /(?<=^|,)[ \t]*([\w!#$%&'*+.^`|~-]+)(?:[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[\w!#$%&'*+.^`|~-]*))?[ \t]*(?=[;,]|$)/g;
