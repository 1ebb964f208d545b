import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '../../client/client.ts';
import { collect } from '../../client/collect.ts';
import { adminKey, type RunningNode, startNode } from '../adapters/node/main.ts';

export interface Kills {
  /** Kills after which everything was as before the apply, and as the apply says. */
  readonly old: number;
  readonly new: number;
  /** Kills that came while the command had no answer yet. */
  readonly during: number;
  /** What was seen of neither, or of both. */
  readonly between: readonly string[];
}

/**
 * `tulle rules apply` of a folder whose rules all listen to another type of event than before, and SIGKILL for the server
 * meanwhile. When it runs again, events of the old and the new type are published: all rules must take the one and none
 * the other, at once and after everything has settled, and the documents must say the same.
 */
export async function killDuringApply({
  kills,
  rules,
}: {
  readonly kills: number;
  readonly rules: number;
}): Promise<Kills> {
  const folder = await mkdtemp(join(tmpdir(), 'tulle-apply-'));
  const target = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(204).end());
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;
  const result = { old: 0, new: 0, during: 0, between: [] as string[] };
  let node: RunningNode = await startNode({ TULLE_DATA: join(folder, 'data') });
  try {
    await mkdir(join(folder, 'rules'));
    let current = 0;
    await writeRules(folder, rules, 0, url);
    const start = performance.now();
    if ((await apply(folder, node.url).ended) !== 0) throw new Error('the first apply failed');
    const wholeMs = performance.now() - start;
    for (let round = 1; round <= kills; round += 1) {
      await writeRules(folder, rules, round, url);
      const applying = apply(folder, node.url);
      const ended = await Promise.race([applying.ended, pause(wholeMs * (0.3 + Math.random() * 0.8))]);
      if (ended === undefined) result.during += 1;
      await node.stop('SIGKILL');
      await applying.stop();
      node = await startNode({ TULLE_DATA: join(folder, 'data') });
      const client = createClient({ url: node.url, key: adminKey });
      const seen = [await lookAtMesh(client, current, round), await lookAtMesh(client, current, round)];
      await settle(client);
      seen.push(await lookAtMesh(client, current, round));
      const truth = await lookAtDocuments(client);
      const last = seen.at(-1) ?? '';
      const expected = truth === toType(round) ? `0 ${rules}` : `${rules} 0`;
      // What was made and not published when the process died may come a moment later, but whole.
      const isWhole = seen.every((counts) => counts === `0 ${rules}` || counts === `${rules} 0`);
      const isKnown = truth === toType(round) || truth === toType(current);
      if (!isWhole || !isKnown || last !== expected || (ended === 0 && truth !== toType(round))) {
        result.between.push(`kill ${round}: old and new take ${seen.join(', ')} of ${rules}; documents say ${truth}`);
      }
      if (truth === toType(round)) {
        result.new += 1;
        current = round;
      } else result.old += 1;
    }
    return result;
  } finally {
    await node.stop('SIGKILL');
    target.closeAllConnections();
    target.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function toType(round: number): string {
  return `round.${round}`;
}

async function writeRules(folder: string, rules: number, round: number, url: string): Promise<void> {
  await writeFile(join(folder, 'rules/bus.yaml'), 'kind: bus\nname: apply\nrecord: none\n');
  for (let index = 0; index < rules; index += 1) {
    const rule = {
      kind: 'rule',
      bus: 'apply',
      name: `r${index}`,
      filter: { pattern: { type: [toType(round)] } },
      targets: [{ name: 'sink', http: { url } }],
    };
    await writeFile(join(folder, `rules/${index}.json`), JSON.stringify(rule));
  }
}

function apply(folder: string, url: string): { readonly ended: Promise<number | null>; stop(): Promise<unknown> } {
  const child = spawn(process.execPath, ['cli/main.ts', 'rules', 'apply', join(folder, 'rules')], {
    cwd: join(import.meta.dirname, '../..'),
    env: Object.assign({}, process.env, { TULLE_URL: url, TULLE_ADMIN_KEY: adminKey }),
    stdio: 'ignore',
  });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return {
    ended,
    // It would try to reach the dead server for a while.
    async stop() {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

/** How many rules take an event of the old type, and of the new one, by one snapshot. */
async function lookAtMesh(client: Client, old: number, next: number): Promise<string> {
  const events = [old, next].map((round) => ({ source: '/crash', type: toType(round) }));
  const { events: accepted } = await client.publish(events, { bus: 'apply' });
  return accepted.map(({ matched }) => matched).join(' ');
}

/** The one type that all rules name, or all of them. */
async function lookAtDocuments(client: Client): Promise<string> {
  const rules = await collect(client.admin.list('rules', 'apply'));
  const types = rules.map(({ document }) =>
    (document['filter'] as { pattern: { type: string[] } }).pattern.type.join(' '),
  );
  return [...new Set(types)].join(', ');
}

async function settle(client: Client): Promise<void> {
  // Whoever asks for the changes carries out what is left of the last one.
  await client.admin.change({ edits: [{ put: { kind: 'bus', name: 'apply', record: 'none' } }] });
  for (let tries = 0; tries < 100; tries += 1) {
    const [status] = await collect(client.admin.status());
    if (status?.live === true) return;
    await pause(50);
  }
  throw new Error('the snapshot did not become live');
}

function pause(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds, undefined);
  });
}
