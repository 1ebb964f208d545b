import { describe, expect, it } from 'vitest';
import { compileTextTemplate } from '../../../mesh/delivery/text-template.ts';

const event = { type: 'order.created', data: { id: 7, name: '<b>', list: [1, 'a'], none: null, empty: '' } };
const fill = (template: string, escape?: (value: string) => string): string =>
  compileTextTemplate(template, '/text', escape)(event, { now: 0, random: () => 0 });

describe('a text with expressions', () => {
  it.each([
    ['${type}: ${data.id + 1}', 'order.created: 8'],
    ['${data.list}', '[1,"a"]'],
    ['[${data.missing}] [${data.none}] [${data.missing:-nobody}] [${data.empty:-nothing}]', '[] [] [nobody] [nothing]'],
    ['${data.id > 5 ? "many" : "few"}', 'many'],
    ['$${type} costs 5 $ {x} ${', '${type} costs 5 $ {x} ${'],
    ['${$fromMillis($millis())}', '1970-01-01T00:00:00.000Z'],
  ])('fills %s', (template, text) => expect(fill(template)).toBe(text));

  it('escapes what comes from the event, and not what is written', () => {
    expect(fill('<i>${data.name}</i>', (value) => value.replaceAll('<', '&lt;'))).toBe('<i>&lt;b></i>');
  });

  it.each(['${}', '${data.}', '${(}', '${$eval("1")}'])('refuses %s', (template) => {
    expect(() => fill(template)).toThrow(expect.objectContaining({ code: 'target_invalid', place: '/text' }));
  });

  it('ends an expression that would never end, and a text that would be too long', () => {
    expect(() => fill('${($f := function($n) { $f($n + 1) }; $f(0))}')).toThrow();
    expect(() => fill('${$pad("", 900000, "x")}${$pad("", 900000, "x")}')).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/step_failed|fuel_exhausted/) }),
    );
  });
});
