export { createWorker, type TulleWorker, type WorkerOptions } from '../adapters/cloudflare/create-worker.ts';
export { Log } from '../adapters/cloudflare/log.ts';
