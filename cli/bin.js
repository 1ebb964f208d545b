#!/usr/bin/env node
// Plain JavaScript, so that an older Node says what is missing instead of failing at the first type.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`tulle needs Node 22.18 or later, this is ${process.versions.node}.`);
  console.error('Use the one that comes with the project: `npm start` for `tulle dev`, or `npx node cli/main.ts`.');
  process.exit(1);
}
// Without types and compiled once: a start takes 10 ms of CPU time above that of Node instead of 60. Not in the folder for
// temporary files, which is the default: others may write there.
module.enableCompileCache?.(join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tulle'));
// A checkout runs its sources; Node takes no types in node_modules, so the package brings them compiled.
const isCheckout = existsSync(new URL('main.ts', import.meta.url));
await import(isCheckout ? './main.ts' : '../dist/npm/cli/main.js');
