import { usageError } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { greet } from './greeting.ts';
import { isCheckout } from './project.ts';
import { readDemoEvent, startOnState } from './start.ts';
import { defaultStateFolder } from './state.ts';

export const dev = defineCommand({
  name: 'dev',
  summary: 'Run Tulle on this machine, with a demo to play with',
  details:
    "Runs the Worker of wrangler.toml in workerd on one port, offline. State is kept between runs. The demo runs where the folder is Tulle's own.",
  online: false,
  options: {
    port: { type: 'string', value: 'PORT', description: 'listen on this port of this machine only (default 8787)' },
    state: {
      type: 'string',
      value: 'FOLDER',
      description: `where all state and the operator's key are kept (default ${defaultStateFolder})`,
    },
    apply: {
      type: 'string',
      value: 'FOLDER',
      description: 'apply this folder of documents, and again whenever one is saved',
    },
    target: {
      type: 'string',
      value: 'PLATFORM',
      description: 'workers (default), or aws: the functions of serverless.yml, with emulators for its services',
    },
    demo: { type: 'boolean', description: "with the demo's bus, rules and receivers" },
    'no-demo': { type: 'boolean', description: 'without them' },
  },
  examples: [
    'tulle dev',
    'tulle dev --target aws',
    'tulle dev --port 9000 --apply rules',
    'tulle dev --state /tmp/scratch --no-demo',
  ],
  async run({ values: { port = '8787', state: stateFolder = defaultStateFolder, apply, ...values }, output }) {
    const target = toTarget(values.target ?? 'workers');
    // The demo's receivers are a Worker.
    const demo = target === 'workers' && !values['no-demo'] && (values.demo || isCheckout());
    const server = await startOnState({ target, port: toPort(port), stateFolder, demo });
    const { url, adminKey } = server;
    const demoEvent = demo ? { demoEvent: await readDemoEvent() } : {};
    output.document({ url, adminKey, stateFolder }, () =>
      greet({ url, adminKey, stateFolder, hasBus: apply !== undefined, ...demoEvent }),
    );
    const ticking = setInterval(() => void server.tick().catch((error: unknown) => console.error(error)), tickMs);
    const applying = apply === undefined ? undefined : (await import('./apply.ts')).applyOnSave(apply, server, output);
    // Miniflare ends workerd and this process on SIGINT, SIGTERM and SIGHUP.
    try {
      return await server.failed;
    } finally {
      clearInterval(ticking);
      applying?.close();
      await server.close().catch(() => undefined);
    }
  },
});

/** As often as the cron trigger of wrangler.toml. */
const tickMs = 60_000;

function toTarget(text: string): 'workers' | 'aws' {
  if (text === 'workers' || text === 'aws') return text;
  throw usageError(`There is no target ${JSON.stringify(text)}.`, 'Use workers or aws: tulle dev --target aws');
}

function toPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw usageError(`${JSON.stringify(text)} is not a port.`, 'Give a number from 1 to 65535: tulle dev --port 8787');
}
