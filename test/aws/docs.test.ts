import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { LambdaRunner } from '../../cli/lambda/runner.ts';
import { readBlocks, root } from '../docs/markdown.ts';
import { adminKey, startPackaged } from './start.ts';

const path = 'docs/aws.md';

describe(path, () => {
  let runner: LambdaRunner;
  beforeAll(async () => {
    runner = await startPackaged(inject('packageFolder'), { log: () => undefined });
  });
  afterAll(() => runner.stop());

  it('has commands that run as they stand, one after the other', async () => {
    const blocks = readBlocks(path);
    const commands = blocks.filter(({ language, note }) => language === 'sh' && note === 'aws');
    const quietCurl = 'curl() { command curl --silent --show-error --fail-with-body "$@"; echo; }';
    const script = `${quietCurl}\n${commands.map(({ text }) => text).join('\n')}`;
    const env = { ...process.env, TULLE_URL: runner.url, TULLE_ADMIN_KEY: adminKey };
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { env, cwd: root });
    const answers = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as unknown);
    for (const { text } of blocks.filter(({ note }) => note === 'answer')) {
      expect(answers).toContainEqual(JSON.parse(text));
    }
  });
});
