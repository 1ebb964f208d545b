import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isExact, numberText, parseExactly } from '../../../functions/transform/exact-numbers.ts';
import { newEvent, runToEvent } from './context.ts';
import { fromJson } from '../../../event/json-format.ts';

describe('numbers that are kept as they were written', () => {
  const texts = ['10.0', '1.50', '1e3', '-0', '1E400', '0.12345678901234567890', '12345678901234567890'];

  it.each(texts)('%s is, where all are', (text) => {
    for (const json of [text, ` ${text}`, `[${text}]`, `{"a": ${text} }`, `[1,${text}]`]) {
      expect(isExact(json, 'all')).toBe(false);
      expect(JSON.stringify(parseExactly(json, 'all'))).toBe(json.replaceAll(' ', ''));
    }
    expect(numberText(parseExactly(text, 'all'))).toBe(text);
  });

  it('are only the long ones, where integers are', () => {
    const kept = texts.filter((text) => numberText(parseExactly(text)) !== undefined);
    expect(kept).toEqual(['12345678901234567890']);
    expect(parseExactly('12345678901234567890', 'none')).toBe(12345678901234567000);
  });

  it('are never missed', () => {
    const number = fc.stringMatching(/^-?(0|[1-9]\d{0,18})(\.\d{1,18})?([eE][+-]?\d{1,3})?$/);
    fc.assert(
      fc.property(number, fc.string(), (text, other) => {
        const json = `{"other":${JSON.stringify(other)},"number":${text}}`;
        if (isExact(json, 'all')) expect(JSON.stringify(JSON.parse(json))).toBe(json);
        expect(JSON.stringify(parseExactly(json, 'all'))).toBe(json);
      }),
    );
  });
});

describe('an event whose steps only move values', () => {
  const data = '{"a":10.0,"b":{"c":1e400,"d":0.12345678901234567890},"e":[12345678901234567890]}';
  const event = () => fromJson(`{"specversion":"1.0","id":"1","source":"/s","type":"t","data":${data}}`);

  it.each([
    [{ omit: { paths: ['data.x'] } }, data],
    [{ pick: { paths: ['data.a', 'data.b', 'data.e'] } }, data],
    [{ rename: { 'data.x': 'data.y' } }, data],
    [{ merge: { data: { e: 1 } } }, data.replace('[12345678901234567890]', '1')],
    [{ flatten: { path: 'data.b' } }, data],
    [{ split: { path: 'data.e' } }, '12345678901234567890'],
    [{ inputTransformer: { inputPath: '$.detail.b' } }, '{"c":1e400,"d":0.12345678901234567890}'],
    [
      { template: { values: { a: '$.data.a', e: '$.data.e' }, template: '{"a":${a},"e":"${e}"}' } },
      '{"a":10.0,"e":"[12345678901234567890]"}',
    ],
  ])('keeps its numbers: %j', async (step, expected) => {
    expect((await runToEvent([step], event())).json).toContain(`"data":${expected}`);
  });

  it('keeps them when a step is passed by', async () => {
    const steps = [{ split: { path: 'data.none' }, onError: 'passThrough' }];
    expect((await runToEvent(steps, event())).json).toContain(`"data":${data}`);
  });

  it('keeps long integers beside a step that keeps these only', async () => {
    const steps = [{ omit: { paths: ['data.b'] } }, { redact: { paths: ['data.x'] } }];
    expect((await runToEvent(steps, event())).json).toContain('"data":{"a":10,"e":[12345678901234567890]}');
  });

  it('calculates with what numbers are to JavaScript', async () => {
    const steps = [{ pick: { paths: ['data.a'] } }, { transform: { jsonata: 'data.a + 1' } }];
    expect((await runToEvent(steps, newEvent({ data: { a: 10 } }))).json).toContain('"data":11');
  });
});
