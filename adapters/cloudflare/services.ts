import type { FunctionService } from '../../mesh/functions/support.ts';

/**
 * Other Workers by their service bindings. The prefix keeps a function's document from naming anything else that the
 * Worker holds: `{ "service": "FUNCTION_GEO_FENCE" }` is the binding `FUNCTION_GEO_FENCE`.
 */
export function createServices(env: object): (binding: string) => FunctionService | undefined {
  return (binding) => {
    if (!serviceName.test(binding) || !Object.hasOwn(env, binding)) return undefined;
    const service: unknown = Reflect.get(env, binding);
    return isService(service) ? service : undefined;
  };
}

const serviceName = /^FUNCTION_[A-Z0-9_]{1,55}$/;

function isService(value: unknown): value is FunctionService {
  return typeof value === 'object' && value !== null && 'fetch' in value && typeof value.fetch === 'function';
}
