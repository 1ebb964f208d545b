import { describe, expect, it } from 'vitest';
import { readPreference, toApplied } from '../../../mesh/publish/preference.ts';

describe('the preferences of a publisher', () => {
  it('are whole seconds to wait, and whether for a reply', () => {
    expect(readPreference('wait=10')).toEqual({ waitSeconds: 10, reply: false });
    expect(readPreference('reply, wait=10')).toEqual({ waitSeconds: 10, reply: true });
    expect(readPreference('respond-async, wait=10')).toEqual({ waitSeconds: 10, reply: false });
  });

  it('are read as RFC 7240 writes them', () => {
    for (const text of [
      'Wait = 10 ; foo="a, b"',
      'foo; bar="x", wait="10"',
      ' wait\t=\t10',
      'wait=10, wait=20',
      'a=",",wait=10',
    ]) {
      expect([text, readPreference(text)?.waitSeconds]).toEqual([text, 10]);
    }
  });

  it('are passed over where they cannot be understood, or do not wait', () => {
    const texts = [
      '',
      'wait',
      'wait=',
      'wait=0',
      'wait=-1',
      'wait=1.5',
      'wait=ten',
      'wait=1e3',
      'reply',
      'foo="wait=10"',
    ];
    for (const text of [null, ...texts, `wait=10${' '.repeat(2_000)}`, '"'.repeat(900), 'a='.repeat(500)]) {
      expect([text, readPreference(text)]).toEqual([text, undefined]);
    }
  });

  it('wait a minute at most, and the answer says so', () => {
    const preference = readPreference('wait=3600, reply');
    expect(preference?.waitSeconds).toBe(60);
    expect(preference && toApplied(preference)).toBe('wait=60, reply');
  });
});
