import { type AdminClient, createAdminClient } from './admin.ts';
import { createFunctionsClient, type FunctionsClient } from './functions.ts';
import { type BusClient, createBusClient } from './history.ts';
import { createPublishing, type Publishing } from './publish.ts';
import { createTransport, type TransportOptions } from './transport.ts';

export type ClientOptions = TransportOptions;

/** A Tulle installation, as a key sees it. */
export interface Client extends Publishing {
  /** The history, the dead letters and the replays of a bus. */
  bus(name: string): BusClient;
  /** Functions of yours, on their own. */
  readonly functions: FunctionsClient;
  /** The control plane. */
  readonly admin: AdminClient;
}

/**
 * For Node, Workers and browsers, without dependencies. Requests that were not answered, or with 429 or 5xx, are sent
 * again after a while where that is safe; what is refused throws `TulleRequestError`.
 */
export function createClient(options: ClientOptions): Client {
  const transport = createTransport(options);
  return {
    ...createPublishing(transport),
    functions: createFunctionsClient(transport),
    bus: (name) => createBusClient(transport, name),
    admin: createAdminClient(transport),
  };
}
