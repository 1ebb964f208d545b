import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

/** `*.workers.test.ts` run inside workerd with the bindings of wrangler.toml, all others in Node. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.workers.test.ts', 'test/vectors/**', 'test/crash/**'],
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              bindings: { TULLE_ADMIN_KEY: 'admin-key-of-the-test-suite', TULLE_ALLOW_PRIVATE_TARGETS: 'true' },
            },
          }),
        ],
        test: {
          name: 'workers',
          include: ['test/**/*.workers.test.ts'],
        },
      },
      {
        test: {
          name: 'vectors',
          include: ['test/vectors/**/*.test.ts'],
        },
      },
    ],
  },
});
