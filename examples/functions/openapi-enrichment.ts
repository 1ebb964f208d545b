import {
  type BundledFunction,
  defineFunction,
  type FunctionContext,
  type FunctionEvent,
} from '../../functions/compute/define-function.ts';
import { retryLater } from '../../functions/compute/retry-later.ts';
import { prepareOperation } from './openapi-operation.ts';
import { readPath, withValue } from './object-path.ts';

export interface EnrichmentOptions {
  /** An OpenAPI 3.0 or 3.1 document, as an object. */
  readonly document: object;
  readonly operationId: string;
  /** Where in the event each parameter of the operation comes from: `{ vin: 'data.vehicle.vin' }`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Where the answer goes: `data.vehicle.details`. */
  readonly at: string;
  /** What becomes of an event to which the API answers 404: it goes on as it is (default), or fails. */
  readonly notFound?: 'keep' | 'fail';
  /** The name of the secret for the operation's security scheme (apiKey in a header or the query, or http bearer). */
  readonly secret?: string;
}

/**
 * Asks an API that is described by OpenAPI about something in the event, and puts its answer into the event. The
 * request is built by the description and its parameters are checked before it is sent; an API that is busy or away is
 * asked again later.
 * @throws TypeError where the document, the operation and the options do not fit together
 */
export function createOpenApiEnrichment(options: EnrichmentOptions, name = 'openapi-enrichment'): BundledFunction {
  const { at, notFound = 'keep', secret } = options;
  const operation = prepareOperation(options);
  const mapping = Object.entries(options.parameters);

  async function ask(event: FunctionEvent, { fetch, secrets, now }: FunctionContext): Promise<unknown> {
    const values = new Map(mapping.map(([parameter, path]) => [parameter, readPath(event, path)]));
    const credential = secret === undefined ? undefined : await secrets.get(secret);
    const { method, url, headers } = operation.toRequest(values, credential);
    const response = await fetch(url, { method, headers });
    const { status } = response;
    if (status === 404 && notFound === 'keep') {
      await response.body?.cancel();
      return undefined;
    }
    if (response.ok) return response.json();
    await response.body?.cancel();
    if (status === 429 || status >= 500) {
      const afterSeconds = secondsOf(response.headers.get('retry-after'), now);
      throw retryLater(`the API answered ${status}`, afterSeconds === undefined ? {} : { afterSeconds });
    }
    throw new Error(`the API answered ${status}`);
  }

  return defineFunction({
    name,
    description: `Puts what ${options.operationId} answers at ${at}`,
    async handler(event, context) {
      const answer = await ask(event, context);
      return answer === undefined ? event : { ...event, data: withValue(event.data, at, answer) };
    },
  });
}

/** `Retry-After` in its form of seconds or of a date. */
function secondsOf(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d{1,6}$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isFinite(seconds) && seconds >= 0 ? Math.ceil(seconds) : undefined;
}
