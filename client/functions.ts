import { type CloudEvent, encodeEvent, type EventInput } from './event.ts';
import type { Transport } from './transport.ts';

/** A function that rules of a bus may call. */
export interface FunctionSummary {
  readonly name: string;
  readonly description?: string;
  /** Where: in the bundle, in a service or Lambda beside it, or at an HTTP address. */
  readonly runs: 'bundle' | 'service' | 'lambda' | 'http';
}

/** Functions on their own, beside the rules that call them. */
export interface FunctionsClient {
  list(options?: { readonly bus?: string | undefined }): Promise<readonly FunctionSummary[]>;
  /** What the function makes of the event: one, several or none. `bus` is the one that it emits to by default. */
  call(
    name: string,
    event: EventInput,
    options?: { readonly bus?: string | undefined },
  ): Promise<readonly CloudEvent[]>;
}

export function createFunctionsClient(transport: Transport): FunctionsClient {
  const path = (bus = 'default'): string => `/v1/buses/${encodeURIComponent(bus)}/functions`;
  return {
    async list({ bus } = {}) {
      const { functions } = await transport.json<{ functions: FunctionSummary[] }>({ method: 'GET', path: path(bus) });
      return functions;
    },
    async call(name, event, { bus } = {}) {
      const answer = await transport.json<CloudEvent | CloudEvent[] | undefined>({
        method: 'POST',
        path: `${path(bus)}/${encodeURIComponent(name)}`,
        headers: { 'content-type': 'application/cloudevents+json' },
        body: encodeEvent(event).json,
      });
      return answer === undefined ? [] : [answer].flat();
    },
  };
}
