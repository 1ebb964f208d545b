import { spawn } from 'node:child_process';
import type { Server } from './server.ts';
import { type Service, services } from './services.ts';

/**
 * `npm run services -- COMMAND…` starts what is installed, runs the command with the URLs in its environment, and stops
 * everything. Without a command it prints the URLs and waits for Ctrl-C. What a variable names already is not started.
 * `--only postgres,nats` starts no others.
 */
async function main(words: readonly string[]): Promise<number> {
  const isSome = words[0] === '--only';
  const [command, ...args] = isSome ? words.slice(2) : words;
  const wanted = isSome ? requireServices(words[1] ?? '') : services;
  const started: Server[] = [];
  try {
    const env = Object.assign({}, process.env, Object.fromEntries(await startAll(wanted, started)));
    if (command !== undefined) return await run(command, args, env);
    for (const { variable } of services) if (env[variable] !== undefined) console.log(`${variable}=${env[variable]}`);
    console.log('They run until Ctrl-C.');
    await new Promise<void>((resolve) => {
      // A listener for signals does not keep a process alive.
      const awake = setInterval(() => undefined, 60_000);
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(clearInterval(awake)));
    });
    return 0;
  } finally {
    for (const server of started) server.stop();
  }
}

function requireServices(names: string): readonly Service[] {
  return names.split(',').map((name) => {
    const service = services.find((one) => one.name.toLowerCase() === name);
    if (service !== undefined) return service;
    throw new Error(`There is no service ${name}: ${services.map((one) => one.name.toLowerCase()).join(', ')}.`);
  });
}

async function startAll(
  wanted: readonly Service[],
  started: Server[],
): Promise<readonly (readonly [string, string])[]> {
  const urls = wanted.map(async (service) => {
    const server = await start(service);
    if (server === undefined) return [];
    started.push(server);
    return [[service.variable, server.url] as const];
  });
  return (await Promise.all(urls)).flat();
}

async function start(service: Service): Promise<Server | undefined> {
  const { name, variable, find, start: begin } = service;
  if (process.env[variable] !== undefined) return undefined;
  const program = find();
  if (program === undefined) {
    console.log(
      `${name} is not installed (${service.install ?? `apt-get install ${service.package}`}): tests that need it are skipped.`,
    );
    return undefined;
  }
  try {
    return await begin(program);
  } catch (error) {
    // What can be tested is tested; the line says what cannot.
    console.log(`${name} could not be started, tests that need it are skipped: ${String(error)}`);
    return undefined;
  }
}

async function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(command, args, { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

process.exitCode = await main(process.argv.slice(2));
