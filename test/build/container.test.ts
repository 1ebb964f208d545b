import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

const root = join(import.meta.dirname, '../..');
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ');
const instructions = dockerfile
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => ({ name: line.split(' ', 1).join(), rest: line.replace(/^\S+\s+/, '') }));
/** What is copied out of this folder: sources and where they go. */
const copies = instructions
  .filter(({ name, rest }) => name === 'COPY' && !rest.startsWith('--from='))
  .map(({ rest }) => rest.split(' '))
  .flatMap((words) => words.slice(0, -1).map((source) => ({ source, target: words.at(-1) ?? '' })));
const { scripts, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
};

function lastOf(name: string): string {
  return instructions.findLast((instruction) => instruction.name === name)?.rest ?? '';
}

describe('Dockerfile', () => {
  it('has known instructions only, in stages that are named before they are used', () => {
    const known = [
      'FROM',
      'ENV',
      'WORKDIR',
      'COPY',
      'RUN',
      'USER',
      'VOLUME',
      'EXPOSE',
      'STOPSIGNAL',
      'HEALTHCHECK',
      'CMD',
    ];
    for (const { name } of instructions) expect(known).toContain(name);
    expect(instructions[0]).toEqual({ name: 'FROM', rest: 'node:24-slim AS dependencies' });
    expect(instructions.filter(({ name }) => name === 'FROM')).toHaveLength(2);
    for (const { rest } of instructions.filter(({ rest }) => rest.startsWith('--from='))) {
      expect(rest).toMatch(/^--from=dependencies /);
    }
  });

  it('copies what exists and is not kept out', () => {
    const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
    expect(copies.length).toBeGreaterThan(5);
    for (const { source } of copies) {
      expect(existsSync(join(root, source)), source).toBe(true);
      expect(ignored).not.toContain(source);
    }
  });

  it('starts as npm run start:node does, is not root, and says how it is', () => {
    const command = JSON.parse(lastOf('CMD')) as string[];
    expect(command.join(' ')).toBe(scripts['start:node']);
    expect(lastOf('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(lastOf('HEALTHCHECK')).toContain('/readyz');
    expect(() => JSON.parse(lastOf('HEALTHCHECK').replace(/^.*?CMD /, '')) as unknown).not.toThrow();
  });

  it('copies enough: the process starts with these files and the production packages alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tulle-image-'));
    try {
      for (const { source } of copies) await cp(join(root, source), join(folder, source), { recursive: true });
      for (const name of Object.keys(dependencies)) {
        await mkdir(dirname(join(folder, 'node_modules', name)), { recursive: true });
        await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
      }
      const [, ...args] = JSON.parse(lastOf('CMD')) as string[];
      const env = Object.assign({}, process.env, {
        TULLE_ADMIN_KEY: 'k'.repeat(24),
        PORT: '0',
        TULLE_DATA: join(folder, 'data'),
      });
      const child = spawn(process.execPath, args, { cwd: folder, env });
      let said = '';
      child.stderr.on('data', (data: Buffer) => (said += data.toString()));
      const first = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
      expect(`${String(first[0])}${said}`).toMatch(/^Tulle listens on /);
      child.kill('SIGTERM');
      await once(child, 'exit');
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 30_000);
});

describe('examples/knative/service.yaml', () => {
  const documents = parseAllDocuments(readFileSync(join(root, 'examples/knative/service.yaml'), 'utf8'));
  const [claim, service] = documents.map((document) => document.toJS() as Record<string, never>);

  it('is YAML without faults', () => {
    for (const { errors, warnings } of documents) expect([...errors, ...warnings]).toEqual([]);
    expect(documents).toHaveLength(2);
  });

  it('runs one pod on the volume that it claims, with the probes that the server has', () => {
    expect(claim).toMatchObject({ kind: 'PersistentVolumeClaim', metadata: { name: 'tulle-data' } });
    expect(service).toMatchObject({
      apiVersion: 'serving.knative.dev/v1',
      kind: 'Service',
      spec: {
        template: {
          metadata: {
            annotations: { 'autoscaling.knative.dev/min-scale': '1', 'autoscaling.knative.dev/max-scale': '1' },
          },
          spec: {
            containers: [
              {
                ports: [{ containerPort: Number(lastOf('EXPOSE')) }],
                readinessProbe: { httpGet: { path: '/readyz' } },
                livenessProbe: { httpGet: { path: '/healthz' } },
                volumeMounts: [{ name: 'data', mountPath: lastOf('VOLUME') }, { name: 'secrets' }],
              },
            ],
            volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'tulle-data' } }, { name: 'secrets' }],
          },
        },
      },
    });
  });
});
