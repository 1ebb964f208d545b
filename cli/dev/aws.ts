import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CommandError } from '../command.ts';
import { buildLambda } from '../lambda/build.ts';
import type { PatternMatcher } from '../lambda/event-bus.ts';
import { packageService } from '../lambda/package.ts';
import { startLambdaRunner } from '../lambda/runner.ts';
import { isCheckout } from './project.ts';
import type { DevServer, DevServerOptions } from './server.ts';

/** The project's root. */
const root = join(import.meta.dirname, '../..');

/**
 * Runs the functions of serverless.yml as they would be deployed: built, packaged, and each in processes of its own, with
 * emulators in place of AWS's services. What these hold is kept in `storage`.
 * @throws CommandError when it cannot be packaged, or the port is taken
 */
export async function startAwsServer(options: DevServerOptions): Promise<DevServer> {
  if (!isCheckout()) {
    throw new CommandError('serverless.yml and the functions of AWS come with the sources of Tulle.', {
      mend: 'Run this in a clone of the repository.',
    });
  }
  const folder = join(options.storage, 'aws');
  await buildLambda();
  await packageService(join(folder, 'package'));
  const runner = await startLambdaRunner({
    package: join(folder, 'package'),
    storage: join(folder, 'services'),
    port: options.port,
    secrets: { adminKey: options.adminKey, masterKey: options.masterKey },
    env: { TULLE_ALLOW_PRIVATE_TARGETS: 'true' },
    matches: await loadMatcher(),
    log: (line) => options.log('info', line),
  }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new CommandError(`Port ${options.port} is in use by another program.`, {
      mend: `Stop that program, or choose another port: tulle dev --target aws --port ${options.port + 1}`,
      cause: error,
    });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void runner.stop().finally(() => process.exit()));
  }
  return {
    url: `http://localhost:${options.port}`,
    // Its own clock runs what is scheduled.
    tick: () => Promise.resolve(),
    failed: new Promise<never>(() => undefined),
    close: () => runner.stop(),
  };
}

/** The mesh's own event patterns, by path: what runs in the mesh is not imported here. */
async function loadMatcher(): Promise<PatternMatcher> {
  const load = (path: string): Promise<unknown> => import(pathToFileURL(join(root, path)).href);
  const { createRuleIndex } = (await load('functions/filter/rule-index.ts')) as { createRuleIndex: () => RuleIndex };
  const { fromEnvelope } = (await load('adapters/aws/eventbridge-event.ts')) as {
    fromEnvelope: (text: string) => string;
  };
  return (pattern, event) => {
    const index = createRuleIndex();
    index.add('rule', { eventbridge: pattern });
    return index.match(fromEnvelope(event)).length > 0;
  };
}

interface RuleIndex {
  add(id: string, filter: object): void;
  match(event: string): readonly string[];
}
