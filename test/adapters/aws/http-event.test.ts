import { describe, expect, it } from 'vitest';
import { type HttpEvent, toRequest, toResult } from '../../../adapters/aws/http-event.ts';

function createEvent(more: Record<string, unknown> = {}, context: Record<string, unknown> = {}): HttpEvent {
  const { method = 'POST', stage = '$default' } = context as { method?: string; stage?: string };
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: '/v1/events',
    rawQueryString: '',
    headers: { 'content-type': 'application/cloudevents+json' },
    requestContext: {
      accountId: '111122223333',
      apiId: 'a1',
      domainName: 'a1.execute-api.eu-west-1.amazonaws.com',
      domainPrefix: 'a1',
      http: { method, path: '/v1/events', protocol: 'HTTP/1.1', sourceIp: '203.0.113.9', userAgent: 'test' },
      requestId: 'r1',
      routeKey: '$default',
      stage,
      time: '22/Nov/2026:06:30:00 +0000',
      timeEpoch: 1_795_329_000_000,
    },
    isBase64Encoded: false,
    ...more,
  };
}

describe('a request of API Gateway', () => {
  it('has its address, method, headers and query as they came', () => {
    const request = toRequest(
      createEvent(
        {
          rawPath: '/v1/buses/default/deliveries',
          rawQueryString: 'event=a%20b&status=x&status=y',
          headers: { authorization: 'Bearer k', 'x-many': 'a,b' },
        },
        { method: 'GET' },
      ),
    );
    expect(request.url).toBe(
      'https://a1.execute-api.eu-west-1.amazonaws.com/v1/buses/default/deliveries?event=a%20b&status=x&status=y',
    );
    expect(request.method).toBe('GET');
    expect(request.headers.get('authorization')).toBe('Bearer k');
    expect(request.headers.get('x-many')).toBe('a,b');
    expect(request.body).toBeNull();
  });

  it('has the bytes of its body, whether the gateway sent text or base64', async () => {
    const text = '{"specversion":"1.0","data":"Grüße 😀"}';
    const plain = toRequest(createEvent({ body: text }));
    expect(await plain.text()).toBe(text);
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const event = createEvent({ body: Buffer.from(bytes).toString('base64'), isBase64Encoded: true });
    const binary = toRequest(event);
    expect(binary.headers.get('content-length')).toBe('256');
    expect(new Uint8Array(await binary.arrayBuffer())).toEqual(bytes);
  });

  it('has its cookies in one header', () => {
    const request = toRequest(createEvent({ cookies: ['a=1', 'b=2'] }));
    expect(request.headers.get('cookie')).toBe('a=1; b=2');
  });

  it('names the caller whom the gateway saw, whatever the caller says', () => {
    const request = toRequest(createEvent({ headers: { 'x-forwarded-for': '10.0.0.1, 203.0.113.9' } }));
    expect(request.headers.get('x-forwarded-for')).toBe('203.0.113.9');
  });

  it.each([
    ['$default', '/prod/v1/events', '/prod/v1/events'],
    ['prod', '/prod/v1/events', '/v1/events'],
    ['prod', '/prod', '/'],
    ['prod', '/production/v1', '/production/v1'],
  ])('stands on the stage %s at %s, which is %s to us', (stage, rawPath, path) => {
    expect(new URL(toRequest(createEvent({ rawPath }, { stage })).url).pathname).toBe(path);
  });

  it.each([
    ['/v1/buses/default/events/a b', '/v1/buses/default/events/a%20b'],
    ['/v1/buses/default/events/a%20b', '/v1/buses/default/events/a%20b'],
    ['/v1/buses/default/events/50%?#', '/v1/buses/default/events/50%25%3F%23'],
    ['/v1/buses/default/events/ü', '/v1/buses/default/events/%C3%BC'],
    ['//evil.example.com/', '//evil.example.com/'],
  ])('has the path %s, decoded or not', (rawPath, path) => {
    const url = new URL(toRequest(createEvent({ rawPath })).url);
    expect(url.pathname).toBe(path);
    expect(url.host).toBe('a1.execute-api.eu-west-1.amazonaws.com');
  });

  it('is refused in another format, with what to do', () => {
    const event = { ...createEvent(), version: '1.0' } as HttpEvent;
    expect(() => toRequest(event)).toThrow(expect.objectContaining({ code: 'request_invalid' }) as Error);
  });
});

describe('an answer to API Gateway', () => {
  it('has its status, its headers, and its cookies apart', async () => {
    const response = Response.json({ accepted: 1 }, { status: 202, headers: { 'retry-after': '3' } });
    response.headers.append('set-cookie', 'a=1');
    response.headers.append('set-cookie', 'b=2');
    expect(await toResult(response)).toEqual({
      statusCode: 202,
      headers: { 'content-type': 'application/json', 'retry-after': '3' },
      cookies: ['a=1', 'b=2'],
      body: '{"accepted":1}',
      isBase64Encoded: false,
    });
  });

  it('has no body where there is none', async () => {
    expect(await toResult(new Response(null, { status: 204 }))).toEqual({ statusCode: 204, headers: {} });
  });

  it('has the bytes of its body, whatever they are', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const { body, isBase64Encoded } = await toResult(new Response(bytes));
    expect(isBase64Encoded).toBe(true);
    expect(new Uint8Array(Buffer.from(body ?? '', 'base64'))).toEqual(bytes);
    const marked = await toResult(new Response('\u{feff}text'));
    expect(Buffer.from(marked.body ?? '')).toEqual(Buffer.from('\u{feff}text'));
  });

  it('says so where it is larger than Lambda hands out', async () => {
    const result = await toResult(new Response('"'.repeat(3_200_000)));
    expect(result.statusCode).toBe(503);
    expect(result.body).toContain('6 MB');
  });
});
