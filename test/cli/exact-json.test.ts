import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../cli/exact-json.ts';
import { toYaml } from '../../cli/terminal/yaml.ts';

describe('numbers in JSON', () => {
  it.each([
    '9007199254740993',
    '-12345678901234567890',
    '0.1000000000000000055511151231257827',
    '1e400',
    '12345678901234567890.50',
    '[1,9007199254740993,{"a":0.1,"b":-0.12345678901234567}]',
    '{"id":18446744073709551615,"text":"9007199254740993","__proto__":[1e999]}',
  ])('go on as they were written where a double cannot hold them: %s', (text) => {
    expect(JSON.stringify(parseExactJson(text))).toBe(text);
  });

  it('are numbers where it can', () => {
    expect(parseExactJson('{"a":1.5,"b":[0,-7,1234567890],"c":9007199254740993}')).toMatchObject({
      a: 1.5,
      b: [0, -7, 1_234_567_890],
    });
    expect(parseExactJson('{"id":"1234567890123456","at":1763805600000}')).toEqual({
      id: '1234567890123456',
      at: 1_763_805_600_000,
    });
  });

  it('leave everything else as JSON.parse has it', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(JSON.stringify(parseExactJson(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
    expect(() => parseExactJson('{"a":12345678901234567890,}')).toThrow(SyntaxError);
  });

  it('are whole in YAML as well', async () => {
    expect(await toYaml(parseExactJson('{"id":18446744073709551615}'))).toBe('id: 18446744073709551615');
  });
});
