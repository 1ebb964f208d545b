import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

/** Reads an event in binary mode and answers one; `data.answer` is the status of a failure. */
const functionInAnotherWorker = `export default {
  async fetch(request) {
    const { amount, answer } = await request.json();
    if (answer !== undefined) return new Response(null, { status: answer, headers: { 'retry-after': '9' } });
    const headers = new Headers({ 'content-type': 'application/json' });
    for (const name of ['specversion', 'id', 'source']) headers.set('ce-' + name, request.headers.get('ce-' + name));
    headers.set('ce-type', 'payment.scored');
    return new Response(JSON.stringify({ amount, score: amount > 1000 ? 'high' : 'low' }), { headers });
  },
};`;

/** What hangs is found after half a minute as well; a slow machine is only slow. */
const patience = { testTimeout: 30_000, hookTimeout: 60_000 };

/** `*.workers.test.ts` run inside workerd with the bindings of wrangler.toml, those of `test/aws/` and `test/parity/` on the packaged functions of AWS, all others in Node. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          ...patience,
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.workers.test.ts', 'test/vectors/**', 'test/crash/**', 'test/aws/**', 'test/parity/**'],
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              bindings: {
                TULLE_ADMIN_KEY: 'admin-key-of-the-test-suite',
                TULLE_MASTER_KEY: btoa('master-key-of-the-test-suite-032'),
                TULLE_ALLOW_PRIVATE_TARGETS: 'true',
              },
              // The queue as in wrangler.toml, but nobody waits for a batch to fill, or a day and a half for the crash guard.
              queueConsumers: {
                tulle: { maxBatchSize: 25, maxBatchTimeout: 0.05, maxRetries: 2, deadLetterQueue: 'tulle-dead' },
                'tulle-dead': { maxBatchTimeout: 0.05 },
              },
              serviceBindings: { FUNCTION_SCORE: 'function-score' },
              workers: [{ name: 'function-score', modules: true, script: functionInAnotherWorker }],
            },
          }),
        ],
        test: {
          name: 'workers',
          ...patience,
          include: ['test/**/*.workers.test.ts'],
        },
      },
      {
        test: {
          name: 'aws',
          include: ['test/aws/**/*.test.ts', 'test/parity/**/*.test.ts'],
          globalSetup: 'test/aws/global-setup.ts',
          ...patience,
        },
      },
      {
        test: {
          name: 'vectors',
          ...patience,
          include: ['test/vectors/**/*.test.ts'],
        },
      },
    ],
  },
});
