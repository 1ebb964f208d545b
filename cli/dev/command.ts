import { parseArgs } from 'node:util';
import { type Command, usageError } from '../command.ts';
import { greet } from './greeting.ts';
import { readDemoEvent, startOnState } from './start.ts';
import { defaultStateFolder } from './state.ts';

export const dev: Command = {
  name: 'dev',
  summary: 'Run Tulle on this machine, with a demo to play with',
  help: `Usage: tulle dev [--port 8787] [--state .tulle] [--no-demo]

Runs the Worker of wrangler.toml in workerd on one port, offline. State is kept between runs.

  --port     the port to listen on, on this machine only (default 8787)
  --state    the folder for all state and the operator's key (default .tulle)
  --no-demo  without the demo's bus, rules and receivers`,

  async run(args) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', default: '8787' },
        state: { type: 'string', default: defaultStateFolder },
        demo: { type: 'boolean', default: true },
      },
      allowNegative: true,
    });
    const { port, state: stateFolder, demo } = values;
    const server = await startOnState({ port: toPort(port), stateFolder, demo });
    console.log(greet({ ...server, stateFolder, ...(demo ? { demoEvent: await readDemoEvent() } : {}) }));
    const ticking = setInterval(() => void server.tick().catch((error: unknown) => console.error(error)), tickMs);
    // Miniflare ends workerd and this process on SIGINT, SIGTERM and SIGHUP.
    try {
      return await server.failed;
    } finally {
      clearInterval(ticking);
      await server.close().catch(() => undefined);
    }
  },
};

/** As often as the cron trigger of wrangler.toml. */
const tickMs = 60_000;

function toPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw usageError(`${JSON.stringify(text)} is not a port.`, 'Give a number from 1 to 65535: tulle dev --port 8787');
}
