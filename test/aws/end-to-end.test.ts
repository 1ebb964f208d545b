import { afterAll, beforeAll, inject, vi } from 'vitest';
import type { LambdaRunner } from '../../cli/lambda/runner.ts';
import { describeEndToEnd } from '../conformance/end-to-end.ts';
import { createPackagedHarness } from './harness.ts';
import { startPackaged } from './start.ts';

vi.setConfig({ testTimeout: 90_000 });

let runner: LambdaRunner;

beforeAll(async () => {
  runner = await startPackaged(inject('packageFolder'), {
    env: { TULLE_SECRET_CRM: `whsec_${btoa('0123456789abcdef0123456789abcdef')}` },
    log: () => undefined,
  });
});

afterAll(() => runner.stop());

const time = 'time is real here';
describeEndToEnd('the packaged functions', () => createPackagedHarness(runner), {
  'is found by its whole id, of which a record keeps the beginning': 'API Gateway takes addresses of 8 KB',
  'ends as disabled when its rule is removed before the delivery': 'nothing stops the delivery until it is removed',
  'costs one batch a few calls only, and loses nothing': time,
  'ends in dead letters when the events have become too old, tried or not': time,
});
