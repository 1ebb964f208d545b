import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';

/**
 * Lets Miniflare start workerd through `workerd.sh`, and keeps everything here from calling home. Both are read from
 * the environment when wrangler and Miniflare are loaded: call it before.
 */
export function prepareWorkerd(): void {
  Object.assign(process.env, {
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_SEND_ERROR_REPORTS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  });
  // Without a POSIX shell workerd is started directly.
  if (process.platform === 'win32' || process.env['MINIFLARE_WORKERD_PATH'] !== undefined) return;
  const requireFromMiniflare = createRequire(import.meta.resolve('miniflare'));
  const { default: workerd } = requireFromMiniflare('workerd') as { default: string };
  process.env['TULLE_WORKERD'] = workerd;
  process.env['MINIFLARE_WORKERD_PATH'] = join(packageRoot, 'cli/dev/workerd.sh');
}
