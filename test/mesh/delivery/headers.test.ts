import { describe, expect, it } from 'vitest';
import { TulleError } from '../../../event/error.ts';
import { checkHeaders } from '../../../mesh/delivery/headers.ts';

describe('checkHeaders', () => {
  it('lets ordinary headers pass', () => {
    checkHeaders(
      { authorization: 'Bearer abc.def', 'X-Api-Key': 'k', accept: '*/*', 'x-empty': '', 'x-tab': 'a\tb' },
      '',
    );
  });

  it.each([
    ...'Host CONTENT-LENGTH transfer-encoding Connection TE Upgrade Proxy-Authorization Expect'.split(' '),
    ...'Content-Type ce-id CE-anything webhook-signature Webhook-Id svix-id signature'.split(' '),
    ...'traceparent tracestate baggage x-b3-traceid X-Amzn-Trace-Id x-forwarded-for'.split(' '),
    '',
    ' ',
    'a b',
    'a:b',
    'a\r\nb',
    'é',
    '(x)',
    'x'.repeat(129),
  ])('refuses the name %j', (name) => {
    expect(() => checkHeaders({ [name]: 'x' }, '/headers')).toThrow(TulleError);
  });

  it.each(['a\r\nb: c', 'a\nb', 'a\u0000', 'é', '😀', '\u007F', ' a', 'a ', 'x'.repeat(4097), 7, null, ['a']])(
    'refuses the value %j',
    (value) => {
      expect(() => checkHeaders({ 'x-a': value }, '/headers')).toThrow(TulleError);
    },
  );

  it('refuses the same name in two cases, and too many', () => {
    expect(() => checkHeaders({ 'x-a': '1', 'X-A': '2' }, '')).toThrow(TulleError);
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`x-${index}`, 'v']));
    expect(() => checkHeaders(many, '')).toThrow(TulleError);
  });

  it('says where, and does not repeat the value', () => {
    const refuse = () => checkHeaders({ 'x/a': 'secret\r\n' }, '/headers');
    expect(refuse).toThrow(expect.objectContaining({ code: 'target_invalid', place: '/headers/x~1a' }));
    expect(() => checkHeaders({ 'x-a': 'secret\r\n' }, '/headers')).not.toThrow(/secret/);
  });
});
