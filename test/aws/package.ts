import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildLambda } from '../../cli/lambda/build.ts';
import { packageService } from '../../cli/lambda/package.ts';

/** Builds and packages the service as it stands, into a folder of its own; answers which. */
export async function packageHere(): Promise<string> {
  await buildLambda();
  const folder = await mkdtemp(join(tmpdir(), 'tulle-package-'));
  await packageService(folder);
  return folder;
}
