import { TulleError } from '../../event/error.ts';

/**
 * The address of a webhook out of a secret: the whole of it, or the token behind `prefix` alone. What of it would give the
 * webhook away is put into `hidden`.
 * @throws TulleError `credential_unavailable`, since whoever stores another secret mends every event that waits
 */
export function findWebhook(name: string, secret: string, prefix: string, hidden: string[]): string {
  const text = secret.trim();
  const url = URL.parse(/^https?:/i.test(text) ? text : /^[\w./+=-]{1,512}$/.test(text) ? prefix + text : '');
  if (url === null) {
    throw new TulleError('credential_unavailable', `the secret ${name} is no address of a webhook`, {
      mend: `Store the webhook's address, or what follows ${prefix} in it.`,
    });
  }
  hidden.push(text, url.href, url.pathname + url.search, ...url.pathname.split('/').filter(isTelling));
  hidden.push(...[...url.searchParams.values()].filter(isTelling));
  return url.href;
}

/** Short ones are names such as `hook`, which messages may repeat. */
function isTelling(part: string): boolean {
  return part.length >= 16;
}
