import type { BundledFunction } from '../../functions/compute/define-function.ts';
import { TulleError } from '../../event/error.ts';
import { type NodeProcess, startProcess } from './process.ts';
import { report } from './runtime.ts';
import { readSettings } from './settings.ts';

/**
 * Runs the mesh as this process: settings from the environment, an orderly end on SIGTERM and SIGINT. What is wrong with
 * the settings or the folder is printed, and the process ends with 1.
 */
export async function run({ functions }: { readonly functions: readonly BundledFunction[] }): Promise<void> {
  let running: NodeProcess | undefined;
  let stopping = false;

  async function stop(exitCode: number): Promise<void> {
    // Whoever asks twice does not want to wait.
    if (stopping) process.exit(exitCode);
    stopping = true;
    process.exitCode = exitCode;
    try {
      await running?.stop();
    } catch (error) {
      report('the shutdown failed', error);
      process.exitCode = 1;
    }
    process.exit();
  }

  process.on('SIGTERM', () => void stop(0));
  process.on('SIGINT', () => void stop(0));

  try {
    running = await startProcess({
      settings: readSettings(process.env),
      functions,
      env: process.env,
      onFailure(error) {
        report('the disk failed; the process ends and has to be started again', error);
        void stop(1);
      },
    });
    process.stdout.write(`Tulle listens on ${running.url}\n`);
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    process.stderr.write(`${error.message} ${error.mend ?? ''}\n`);
    process.exitCode = 1;
  }
}
