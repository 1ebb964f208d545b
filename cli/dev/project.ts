import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommandError } from '../command.ts';
import { packageRoot } from '../package-root.ts';

/**
 * The wrangler.toml of the project that one stands in, or else of Tulle's own checkout.
 * @throws CommandError where there is neither
 */
export function findConfiguration(): string {
  const own = ['wrangler.toml', 'wrangler.jsonc', 'wrangler.json'].map((name) => resolve(name)).find(existsSync);
  if (own !== undefined) return own;
  const ofCheckout = join(packageRoot, 'wrangler.toml');
  if (existsSync(ofCheckout)) return ofCheckout;
  throw new CommandError('There is no wrangler.toml in this folder.', {
    mend: 'Go to the folder of your project, or make one: tulle init my-events --platform workers',
  });
}

/** Whether it is Tulle's own checkout that runs, and no project that uses it. */
export function isCheckout(): boolean {
  return findConfiguration() === join(packageRoot, 'wrangler.toml');
}
