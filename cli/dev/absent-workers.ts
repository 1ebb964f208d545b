/**
 * Service bindings that answer 503: the Workers behind those of wrangler.toml are deployed by themselves and do not run
 * on this machine, and without anything behind its bindings workerd would not start.
 */
export function standIns(serviceBindings: unknown, warn: (message: string) => void): Record<string, () => Response> {
  const absent: Record<string, () => Response> = {};
  for (const binding of Object.keys((serviceBindings ?? {}) as object)) {
    absent[binding] = () => {
      warn(`The Worker behind ${binding} does not run here: it is answered 503.`);
      return new Response(null, { status: 503 });
    };
  }
  return absent;
}
