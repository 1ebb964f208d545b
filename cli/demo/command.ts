import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Api, createApi } from '../api.ts';
import { defineCommand } from '../define-command.ts';
import { findRunning } from '../dev/running.ts';
import { startOnState } from '../dev/start.ts';
import { defaultStateFolder, openState } from '../dev/state.ts';
import { follow, publish } from './follow.ts';
import { readGitHubEvents } from './github-events.ts';
import { printStories, printSummary } from './print.ts';

export const demo = defineCommand({
  name: 'demo',
  summary: 'Publish real GitHub events and tell what became of each',
  details:
    'Publishes payloads that GitHub really sent, follows every delivery to its end (about 10 seconds: some are retried), and shows them as the receivers saw them. Uses the server that `tulle dev` runs, or starts one for as long as it takes.',
  online: false,
  options: {
    state: {
      type: 'string',
      value: 'FOLDER',
      description: `the folder of the running server (default ${defaultStateFolder})`,
    },
  },
  examples: ['tulle demo', 'tulle demo --json'],

  async run({ values: { state = defaultStateFolder }, output }) {
    const server = await useServer(state);
    try {
      const events = await readGitHubEvents();
      const since = Date.now();
      const matched = await publish(server.api, events);
      if (!output.json) console.log(`Published ${events.length} events to ${server.api.url}; following them ...\n`);
      const stories = await follow(server.api, events, matched, { since, patienceMs: 60_000 });
      if (output.json) console.log(JSON.stringify({ events: stories }, null, 2));
      else {
        printStories(stories);
        printSummary(stories);
      }
      const open = stories.some(({ deliveries }) => deliveries.some(({ status }) => status === 'retrying'));
      return open ? 1 : 0;
    } finally {
      await server.close();
    }
  },
});

/** The server that runs already, or one of our own with state that nobody needs later. */
async function useServer(stateFolder: string): Promise<{ readonly api: Api; close(): Promise<void> }> {
  const state = await openState(stateFolder);
  const running = await findRunning(state);
  if (running !== undefined)
    return { api: createApi(running.url, await state.adminKey()), close: async () => undefined };
  const folder = await mkdtemp(join(tmpdir(), 'tulle-demo-'));
  const server = await startOnState({ port: await findFreePort(), stateFolder: folder, demo: true });
  return {
    api: createApi(server.url, server.adminKey),
    async close() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
