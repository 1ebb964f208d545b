import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { TulleError } from '../../event/error.ts';
import { toProblemResponse } from '../../mesh/problem.ts';

/**
 * API Gateway's HTTP APIs and function URLs, payload format 2.0, to the web's `Request` and back.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export type HttpEvent = APIGatewayProxyEventV2;
export type HttpResult = APIGatewayProxyStructuredResultV2;

/** Lambda's limit for the JSON text of what a function answers, in bytes. */
export const resultMaxBytes = 6 * 1024 * 1024;
/** What a result has beside its body: status, headers, and the quotes around them. */
const RESULT_OWN_BYTES = 16_384;

/** @throws TulleError `request_invalid` for an event that is not of an HTTP API in payload format 2.0 */
export function toRequest(event: HttpEvent): Request {
  const { http } = event.requestContext ?? {};
  if (event.version !== '2.0' || http === undefined) {
    throw new TulleError('request_invalid', 'The event is none of an HTTP API in payload format 2.0.', {
      mend: 'Call the function through an HTTP API or a function URL; REST APIs and load balancers send other formats.',
    });
  }
  const headers = toHeaders(event);
  const body = http.method === 'GET' || http.method === 'HEAD' ? undefined : toBody(event);
  // The gateway has read the whole body: how long it is, nobody knows better.
  if (body !== undefined) headers.set('content-length', String(body.length));
  return new Request(toUrl(event), { method: http.method, headers, ...(body === undefined ? {} : { body }) });
}

/** Text where the body is UTF-8, otherwise base64: whatever its type says, the client gets the same bytes. */
export async function toResult(response: Response): Promise<HttpResult> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const body = toBodyResult(bytes);
  const size = Buffer.byteLength(JSON.stringify(body.body)) + RESULT_OWN_BYTES;
  // Lambda would answer such a result with an error that says nothing.
  if (size > resultMaxBytes) return toResult(toProblemResponse(tooLarge(bytes.length)));
  const headers: Record<string, string> = {};
  for (const [name, value] of response.headers) if (name !== 'set-cookie') headers[name] = value;
  const cookies = response.headers.getSetCookie();
  return {
    statusCode: response.status,
    headers,
    ...(cookies.length === 0 ? {} : { cookies }),
    ...(bytes.length === 0 ? {} : body),
  };
}

/** What comes several times is joined by the gateway, cookies apart from the rest. A name or a value that the web refuses is left out. */
function toHeaders({ headers: given, cookies = [], requestContext }: HttpEvent): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) headers.set(name, value);
  }
  if (cookies.length > 0) headers.set('cookie', cookies.join('; '));
  // Of the two only the gateway knows who has called: what the client wrote there is gone.
  headers.set('x-forwarded-for', requestContext.http.sourceIp);
  return headers;
}

/** The gateway hands out paths decoded, function URLs as they came; a stage other than `$default` stands before them. */
function toUrl({ rawPath, rawQueryString, requestContext }: HttpEvent): string {
  const { stage, domainName } = requestContext;
  const prefix = stage === '$default' ? '' : `/${stage}`;
  const isBelow = prefix !== '' && (rawPath === prefix || rawPath.startsWith(`${prefix}/`));
  const path = (isBelow ? rawPath.slice(prefix.length) : rawPath) || '/';
  const encoded = path
    .replaceAll(/%(?![0-9A-Fa-f]{2})/g, '%25')
    .replaceAll('?', '%3F')
    .replaceAll('#', '%23')
    .replaceAll('\\', '%5C');
  const search = rawQueryString === '' ? '' : `?${rawQueryString}`;
  return `https://${domainName}${encoded.startsWith('/') ? '' : '/'}${encoded}${search}`;
}

function toBody({ body, isBase64Encoded }: HttpEvent): Buffer<ArrayBuffer> | undefined {
  if (body === undefined) return undefined;
  return Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
}

function toBodyResult(bytes: Uint8Array): { readonly body: string; readonly isBase64Encoded: boolean } {
  try {
    return { body: utf8.decode(bytes), isBase64Encoded: false };
  } catch {
    return { body: Buffer.from(bytes).toString('base64'), isBase64Encoded: true };
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function tooLarge(bytes: number): TulleError {
  return new TulleError('unavailable', `The answer has ${bytes} bytes; Lambda hands out 6 MB at most.`, {
    mend: 'Ask for less at a time, with a smaller limit.',
  });
}
