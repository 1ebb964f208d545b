import { TulleError } from '../../event/error.ts';
import type { TargetPolicy } from '../sink.ts';

/**
 * Credentials go over https only: on plain http anybody on the way could take them. Development is excepted.
 * @throws TulleError `target_invalid`
 */
export function requireHttps(url: URL, policy: TargetPolicy, place?: string): void {
  if (url.protocol === 'https:' || policy.allowPrivateTargets) return;
  throw new TulleError('target_invalid', 'Credentials are sent over https only', {
    mend: 'Write the URL as https://host/path.',
    ...(place === undefined ? {} : { place }),
  });
}
