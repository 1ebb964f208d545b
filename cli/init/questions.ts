import { confirm, isCancel, select, text } from '@clack/prompts';
import { CommandError, exitCodes } from '../command.ts';
import type { Platform } from './scaffold.ts';

/** Asks for what was not given on the command line. */
export async function askForProject(given: {
  readonly folder: string | undefined;
  readonly platform: Platform | undefined;
  readonly install: boolean;
}): Promise<{ readonly folder: string; readonly platform: Platform; readonly install: boolean }> {
  // What is asked is no data.
  const output = process.stderr;
  const folder =
    given.folder ??
    answered(await text({ message: 'Which folder?', placeholder: './my-events', defaultValue: './my-events', output }));
  const platform =
    given.platform ??
    answered(
      await select<Platform>({
        message: 'Where is it to run?',
        options: [
          { value: 'workers', label: 'Cloudflare Workers', hint: 'nothing that keeps running' },
          { value: 'lambda', label: 'AWS Lambda', hint: 'with SQS, DynamoDB and S3' },
          { value: 'node', label: 'one Node process', hint: 'a container, a virtual machine, Knative' },
        ],
        output,
      }),
    );
  const install = given.install || answered(await confirm({ message: 'Install its packages now, with npm?', output }));
  return { folder, platform, install };
}

function answered<Answer>(answer: Answer): Exclude<Answer, symbol> {
  if (isCancel(answer)) throw new CommandError('Nothing was done.', { exitCode: exitCodes.interrupted });
  return answer as Exclude<Answer, symbol>;
}
