import { exports } from 'cloudflare:workers';

/** How tests inside of the Worker ask its mesh. */
export const adminKey = 'admin-key-of-the-test-suite';

export function send(method: string, path: string, contentType?: string, body?: string): Promise<Response> {
  return exports.default.fetch(`https://mesh.test${path}`, {
    method,
    headers: {
      authorization: `Bearer ${adminKey}`,
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    },
    ...(body === undefined ? {} : { body }),
  });
}

/** The answer's JSON; throws for whatever is not 2xx. */
export async function ask(
  method: string,
  path: string,
  body?: unknown,
  contentType = 'application/json',
): Promise<unknown> {
  const response = await send(method, path, contentType, body === undefined ? undefined : JSON.stringify(body));
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

export async function admin(path: string, body: unknown): Promise<void> {
  await ask('PUT', path, body);
}

export function publish(bus: string, body: unknown): Promise<Response> {
  return send('POST', `/v1/buses/${bus}/events`, 'application/cloudevents+json', JSON.stringify(body));
}

export async function deliveries(bus: string): Promise<{ status: string }[]> {
  const answer = (await ask('GET', `/v1/buses/${bus}/deliveries`)) as { deliveries: { status: string }[] };
  return answer.deliveries;
}
