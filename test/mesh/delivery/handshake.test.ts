import { describe, expect, it } from 'vitest';
import {
  answerHandshake,
  judgeCallback,
  judgeHandshake,
  toHandshakeHeaders,
} from '../../../mesh/delivery/handshake.ts';

const asked = { origin: 'mesh.example', perMinute: 120 };

function answered(origin?: string, rate?: string): Headers {
  return new Headers({
    ...(origin === undefined ? {} : { 'WebHook-Allowed-Origin': origin }),
    ...(rate === undefined ? {} : { 'WebHook-Allowed-Rate': rate }),
  });
}

describe('a target', () => {
  it.each([
    ['mesh.example', '100', 100],
    ['MESH.example', '1', 1],
    ['*', '*', '*'],
    [' * ', ' 60 ', 60],
  ])('that allows %j at %j grants %j', (origin, rate, perMinute) => {
    expect(judgeHandshake(asked, answered(origin, rate))).toEqual({ kind: 'granted', perMinute });
  });

  it.each([
    [undefined, undefined],
    [undefined, '100'],
    ['', '100'],
    ['other.example', '100'],
    ['sub.mesh.example', '100'],
    ['mesh.example, other.example', '100'],
    ['*.example', '100'],
    ['mesh.example', undefined],
    ['mesh.example', '0'],
    ['mesh.example', '-1'],
    ['mesh.example', '1.5'],
    ['mesh.example', '1e3'],
    ['mesh.example', 'many'],
    ['*', '9'.repeat(16)],
  ])('that allows %j at %j refuses', (origin, rate) => {
    expect(judgeHandshake(asked, answered(origin, rate)).kind).toBe('refused');
  });

  it('may leave the rate out where none was asked for', () => {
    expect(judgeHandshake({ origin: 'mesh.example' }, answered('*'))).toEqual({ kind: 'granted', perMinute: '*' });
  });

  it('may withhold its consent until it calls back', () => {
    const request = { ...asked, callback: 'https://mesh.example/confirm?key=1' };
    expect(judgeHandshake(request, answered())).toEqual({ kind: 'pending' });
    expect(judgeHandshake(request, answered('other.example', '*')).kind).toBe('refused');
    expect(judgeCallback(request, new Headers())).toEqual({ kind: 'granted', perMinute: 120 });
    expect(judgeCallback(request, answered(undefined, '5'))).toEqual({ kind: 'granted', perMinute: 5 });
    expect(judgeCallback(request, answered(undefined, '0')).kind).toBe('refused');
  });
});

describe('our own answer', () => {
  it.each(['mesh.example', 'localhost:8080', 'a.b-c.example.'])('to %s is a consent by our own judgement', (origin) => {
    const request = { origin, perMinute: 7 };
    const answer = new Headers(answerHandshake(new Headers(toHandshakeHeaders(request))));
    expect(judgeHandshake(request, answer)).toEqual({ kind: 'granted', perMinute: '*' });
    expect(answer.get('allow')).toBe('POST, OPTIONS');
  });

  it.each(['', 'a b', '<script>', 'https://mesh.example', 'a..b', 'x'.repeat(254)])(
    'to %j names the methods alone',
    (origin) => {
      expect(answerHandshake(new Headers({ 'WebHook-Request-Origin': origin }))).toEqual({ allow: 'POST, OPTIONS' });
    },
  );

  it('to a request without an origin names the methods alone', () => {
    expect(answerHandshake(new Headers())).toEqual({ allow: 'POST, OPTIONS' });
  });
});
