import { rmSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { packageHere } from './package.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The package of the service as it stands: see `packageHere`. */
    packageFolder: string;
  }
}

/** Builds and packages once for all of these tests. */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = await packageHere();
  project.provide('packageFolder', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
