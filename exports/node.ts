export { run } from '../adapters/node/run.ts';
