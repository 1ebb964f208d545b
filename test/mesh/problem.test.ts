import { describe, expect, it } from 'vitest';
import { errorCodes, TulleError, type ErrorCode } from '../../event/error.ts';
import { isSystemFault, toProblemResponse } from '../../mesh/problem.ts';

describe('toProblemResponse', () => {
  it.each(Object.keys(errorCodes) as ErrorCode[])('answers %s with its status and code', async (code) => {
    const response = toProblemResponse(new TulleError(code, 'What happened.'));
    expect(response.status).toBe(errorCodes[code].status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({
      type: `urn:tulle:error:${code}`,
      title: errorCodes[code].title,
      status: response.status,
      code,
    });
  });

  it('carries detail, place, mend and every fault', async () => {
    const errors = [{ code: 'filter_invalid', detail: 'No.', place: '/filter/sql' }] as const;
    const error = new TulleError('resource_invalid', 'Two faults.', { place: '/x', mend: 'Remove x.', errors });
    expect(await toProblemResponse(error).json()).toEqual({
      type: 'urn:tulle:error:resource_invalid',
      title: 'The resource does not fit its schema',
      status: 400,
      code: 'resource_invalid',
      detail: 'Two faults.',
      place: '/x',
      mend: 'Remove x.',
      errors,
    });
  });

  it('leaves out what the error does not say', async () => {
    const problem = await toProblemResponse(new TulleError('not_found', 'Nothing.')).json();
    expect(Object.keys(problem as object)).toEqual(['type', 'title', 'status', 'code', 'detail']);
  });

  it.each([
    ['an ordinary error', new Error('password=hunter2')],
    ['an internal error', new TulleError('internal', 'password=hunter2', { place: 'hunter2', mend: 'hunter2' })],
    ['a string', 'hunter2'],
    ['nothing', undefined],
    ['an error that calls itself ours', Object.assign(new Error('hunter2'), { name: 'TulleError', code: '__proto__' })],
  ])('tells nothing of %s', async (_name, error) => {
    const response = toProblemResponse(error);
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).not.toContain('hunter2');
    expect(JSON.parse(text)).toMatchObject({ code: 'internal', status: 500 });
    expect(isSystemFault(error)).toBe(true);
  });

  it('knows an error that lost its class on the way', async () => {
    const error = Object.assign(new Error('Gone.'), { name: 'TulleError', code: 'not_found', toItem: undefined });
    expect(toProblemResponse(error).status).toBe(404);
  });

  it('answers 401 with how to authenticate, and nothing else with it', () => {
    const of = (code: ErrorCode): string | null =>
      toProblemResponse(new TulleError(code, '')).headers.get('www-authenticate');
    expect(of('authentication_required')).toBe('Bearer realm="tulle"');
    expect(of('permission_denied')).toBeNull();
  });

  it.each([
    [0.2, '1'],
    [30, '30'],
    [-5, '0'],
  ])('answers Retry-After in whole seconds: %d', (retryAfter, header) => {
    const response = toProblemResponse(new TulleError('unavailable', 'Later.', { retryAfter }));
    expect(response.headers.get('retry-after')).toBe(header);
  });

  it('adds the headers of its caller', () => {
    const response = toProblemResponse(new TulleError('method_not_allowed', 'No.'), { allow: 'GET, PUT' });
    expect(response.headers.get('allow')).toBe('GET, PUT');
  });
});
