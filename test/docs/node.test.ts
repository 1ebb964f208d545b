import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readSettings } from '../../adapters/node/settings.ts';
import { defaultAdmission } from '../../adapters/node/admission.ts';
import { freePort, temporaryFolder } from '../cli/tulle.ts';
import { readBlocks, readDocument, root } from './markdown.ts';

const path = 'docs/node.md';
const blocks = readBlocks(path);

describe(path, () => {
  it('has commands that run as they stand, one after the other in one shell', async () => {
    const folder = await temporaryFolder();
    const port = String(await freePort());
    const commands = blocks.filter(({ language, note }) => language === 'sh' && note === 'node');
    const script = commands.map(({ text }) => text.replaceAll('localhost:8787', `127.0.0.1:${port}`)).join('\n');
    // With job control, since the last command ends a job by its number.
    const shell = `set -m\ncurl() { command curl --silent --show-error --fail-with-body "$@"; echo; }\n${script}\nwait`;
    const env = Object.assign({}, process.env, { PORT: port, TULLE_DATA: folder });
    const bash = spawn('bash', ['-euo', 'pipefail', '-c', shell], { cwd: root, env, detached: true });
    let output = '';
    for (const stream of [bash.stdout, bash.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
    try {
      const [code] = (await once(bash, 'close')) as [number];
      expect(output).toContain(`Tulle listens on http://127.0.0.1:${port}`);
      for (const { text } of blocks.filter(({ note }) => note === 'answer')) {
        const answers = output.split('\n').filter((line) => line.startsWith('{'));
        expect(answers.map((line) => JSON.parse(line) as unknown)).toContainEqual(JSON.parse(text));
      }
      expect(`${code} ${output}`).toMatch(/^0 /);
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }, 60_000);

  it('names every setting with its default', () => {
    const rows = Array.from(readDocument(path).matchAll(/^\| `(PORT|TULLE_\w+…?)` \|(.*?)\|/gm));
    const { port, host, dataFolder, shutdownMs, connectorTasks, allowPrivateTargets } = readSettings({
      TULLE_ADMIN_KEY: 'k'.repeat(24),
    });
    expect(Object.fromEntries(rows.map(([, name, standard = '']) => [name, standard.trim()]))).toEqual({
      TULLE_ADMIN_KEY: 'none: it does not start',
      TULLE_ADMIN_KEY_FILE: '',
      TULLE_MASTER_KEY: 'none: no [connection](connections.md) or secret can be stored',
      TULLE_MASTER_KEY_FILE: '',
      TULLE_MASTER_KEY_PREVIOUS: '',
      TULLE_MASTER_KEY_PREVIOUS_FILE: '',
      PORT: String(port),
      TULLE_HOST: `\`${host}\``,
      TULLE_DATA: `\`${dataFolder}\``,
      'TULLE_SECRET_…': '',
      TULLE_SECRETS: '',
      TULLE_SHUTDOWN_SECONDS: String(shutdownMs / 1000),
      TULLE_CONNECTOR_TASKS: String(connectorTasks),
      TULLE_AWS_TARGETS: 'none',
      TULLE_ALLOW_PRIVATE_TARGETS: `\`${allowPrivateTargets}\``,
    });
  });

  it('names the bounds that are kept', () => {
    const { requests, bytes } = defaultAdmission;
    expect(readDocument(path)).toContain(`${requests.toLocaleString('en-US')} requests or ${bytes / 2 ** 20} MB`);
  });
});
