import { TulleError } from '../../event/error.ts';
import type { BundledFunction } from '../../functions/compute/define-function.ts';
import type { FunctionLogEntry } from '../../functions/compute/function-log.ts';
import { checkTargetUrl } from '../delivery/guard.ts';
import type { TargetPolicy } from '../sink.ts';
import type { FunctionPlace } from './settings.ts';

/** What a platform can run functions on; what it lacks is refused when a document asks for it. */
export interface FunctionSupport {
  /** The functions in the bundle. */
  readonly bundle?: readonly BundledFunction[];
  /** Another Worker by the name of its binding; `undefined` when there is none of that name. */
  readonly service?: (binding: string) => FunctionService | undefined;
  readonly lambda?: LambdaInvoker;
  /** The platform's log. */
  readonly log?: (entry: FunctionLogEntry) => void;
}

export interface FunctionService {
  fetch(request: Request): Promise<Response>;
}

/** Invokes another function of the platform and waits for its answer. */
export interface LambdaInvoker {
  /**
   * `event` is a CloudEvent as JSON text; answers the JSON text of an event, an array of events or null.
   * Rejects with TulleError `step_failed` when the function itself failed, `function_unavailable` when it could not be
   * invoked (throttled, cold, gone).
   */
  invoke(name: string, event: string, signal: AbortSignal): Promise<string>;
}

/**
 * Refuses a place that this platform cannot run the function `name` at.
 * @throws TulleError `resource_invalid` (or `target_invalid` for a URL) with the place below the function's document
 */
export function checkFunctionPlace(
  name: string,
  place: FunctionPlace,
  { bundle = [], service, lambda }: FunctionSupport,
  policy: TargetPolicy,
): void {
  if (place === 'bundle') {
    if (bundle.some((known) => known.name === name)) return;
    const names = bundle.map((known) => known.name).join(', ');
    throw refused('/runs', `there is no function ${name} in the bundle`, `The bundle has: ${names || 'none'}.`);
  }
  if ('http' in place) {
    checkTargetUrl(place.http, policy, '/runs/http');
  } else if ('service' in place) {
    const why = service === undefined ? 'this platform has no service bindings' : 'there is no such service binding';
    if (service?.(place.service) === undefined) {
      throw refused(
        '/runs/service',
        why,
        'Bind the Worker as FUNCTION_… under [[services]] in wrangler.toml, or use http.',
      );
    }
  } else if (lambda === undefined) {
    throw refused('/runs/lambda', 'this platform cannot invoke Lambdas', 'Give the function a URL and use http.');
  }
}

function refused(place: string, why: string, mend: string): TulleError {
  return new TulleError('resource_invalid', `The function cannot run there: ${why}.`, { place, mend });
}
