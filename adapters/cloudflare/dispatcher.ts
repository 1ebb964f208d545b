import { WorkerEntrypoint } from 'cloudflare:workers';
import type { Settlement } from '../../mesh/ports.ts';
import { toMesh } from './mesh.ts';

/** What the log hands its batches to, by RPC: each call has CPU time and connections of its own. */
export class Dispatcher extends WorkerEntrypoint<Env> {
  dispatch(messages: readonly string[]): Promise<Settlement> {
    return toMesh(this.env).dispatch(messages);
  }
}
