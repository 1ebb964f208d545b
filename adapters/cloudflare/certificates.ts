/**
 * Requests under a client certificate, by the `mtls_certificates` bindings of wrangler.toml. The prefix keeps a connection
 * from naming anything else that the Worker holds: `{ "mtls": { "binding": "MTLS_CRM" } }` is the binding `MTLS_CRM`.
 */
export function createCertificates(env: object): (binding: string) => Certificate | undefined {
  return (binding) => {
    if (!bindingName.test(binding) || !Object.hasOwn(env, binding)) return undefined;
    const certificate: unknown = Reflect.get(env, binding);
    return isCertificate(certificate) ? certificate : undefined;
  };
}

export interface Certificate {
  fetch(request: Request): Promise<Response>;
}

const bindingName = /^MTLS_[A-Z0-9_]{1,59}$/;

function isCertificate(value: unknown): value is Certificate {
  return typeof value === 'object' && value !== null && 'fetch' in value && typeof value.fetch === 'function';
}
