import { invalid } from '../parameters.ts';

/**
 * A filter that is sent as a body is one that would not be looked at: a purge would take everything.
 * @throws TulleError `request_invalid`
 */
export async function requireNoBody(request: Request): Promise<void> {
  const reader = request.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  if (first?.value === undefined || first.value.byteLength === 0) return;
  throw invalid('body', 'This takes no body.', 'Send the filter in the query, such as ?rule=to-crm.');
}
