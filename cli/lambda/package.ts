import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { CommandError } from '../command.ts';

/** The project's root. */
const root = join(import.meta.dirname, '../..');

/**
 * `serverless package` of the project, offline: the template and a zip with what `buildLambda` has built, in `folder`.
 * @throws CommandError with what the packager says
 */
export async function packageService(folder: string, stage = 'dev'): Promise<void> {
  const packageFile = createRequire(import.meta.url).resolve('osls/package.json');
  const packager = join(dirname(packageFile), 'bin/serverless.js');
  try {
    await promisify(execFile)(process.execPath, [packager, 'package', '--package', folder, '--stage', stage], {
      cwd: root,
      // It would ask for a newer version of itself.
      env: { ...process.env, SLS_NOTIFICATIONS_MODE: 'off', SLS_TELEMETRY_DISABLED: '1', CI: '1' },
    });
  } catch (cause) {
    const { stderr = '' } = cause as { stderr?: string };
    throw new CommandError(`serverless.yml could not be packaged: ${stderr.trim()}`, { cause });
  }
}
