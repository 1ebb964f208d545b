#!/usr/bin/env node
// Plain JavaScript, so that an older Node says what is missing instead of failing at the first type.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`tulle needs Node 22.18 or later, this is ${process.versions.node}.`);
  console.error('Use the one that comes with the project: `npm start` for `tulle dev`, or `npx node cli/main.ts`.');
  process.exit(1);
}
await import('./main.ts');
