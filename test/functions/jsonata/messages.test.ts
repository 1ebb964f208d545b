import { describe, expect, it } from 'vitest';
import { TulleError } from '../../../event/error.ts';
import { compileJsonata } from '../../../functions/jsonata/jsonata.ts';
import { builtIns } from '../../../functions/jsonata/library/library.ts';

const marker = 'marker-4711';
const input = {
  text: marker,
  number: 47_114_711_471_147,
  list: [marker, 47_114_711_471_147],
  object: { [marker]: marker },
  flag: true,
  nothing: null,
};

/** All that a log may show of an error. */
function shown(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = Object.values(error).map((value) => (value instanceof Error ? '' : JSON.stringify(value)));
  return [error.message, ...own, shown(error.cause ?? '')].join('\n');
}

/** What the error of an expression shows; undefined when there is none. */
function shownBy(expression: string): string | undefined {
  try {
    compileJsonata(expression).evaluate(input, { now: 0, random: () => 0.5 });
    return undefined;
  } catch (error) {
    expect(TulleError.is(error)).toBe(true);
    return shown(error);
  }
}

const values = [...Object.keys(input), '(function($x){$x})', 'missing', '"[Y0001][Q]"', '/4711/', '-1', '"("'];

describe('no error shows data', () => {
  for (const name of builtIns.keys()) {
    it(`of $${name}, whatever it is given`, () => {
      for (const first of values) {
        const lists = [
          [first],
          ...values.map((second) => [first, second]),
          ...values.map((third) => ['text', first, third]),
        ];
        for (const list of lists) expect(shownBy(`$${name}(${list.join(', ')})`) ?? '').not.toMatch(/marker|4711471/);
      }
    });
  }

  it.each(['+', '-', '*', '/', '%', '<', '<=', '>', '>=', '=', '!=', 'and', 'or', 'in', '&', '..', '~>', '?:', '??'])(
    'of the operator %s',
    (operator) => {
      for (const first of values) {
        for (const second of values) {
          const expression = operator === '..' ? `[${first}..${second}]` : `${first} ${operator} ${second}`;
          expect(shownBy(expression) ?? '').not.toMatch(/marker|4711471/);
        }
      }
    },
  );

  it.each([
    '-text',
    'text()',
    'object.text()',
    '{ number: 1 }',
    'list{ $: 1, "a": $error(text) }',
    '{ text: 1, (text & ""): 2 }',
    'list^($)',
    '$ ~> |object|"no object"|',
    '$ ~> |object|{}, 1|',
    '$error(text)',
    '$error("bad: " & text)',
    '$assert(false, text)',
    '$map(list, function($v) { $error($v & "") })',
    '($f := function($x) { $error($x) }; $f(text))',
    '$error($substring(text, 0, 6))',
  ])('of %s', (expression) => {
    expect(shownBy(expression)).not.toMatch(/marker|4711471/);
  });
});

describe('what an expression says by $error and $assert', () => {
  it.each([
    ['$error("Too expensive")', 'D3137: Too expensive'],
    ['($why := "Too expensive"; $assert(false, $why))', 'D3141: Too expensive'],
    [`$error("${'x'.repeat(600)}")`, `D3137: ${'x'.repeat(500)}`],
    ['$error()', 'D3137: $error() function evaluated'],
    ['$assert(false)', 'D3141: $assert() statement failed'],
    [
      '$error("for " & text)',
      'D3137: The message is made while the expression runs, and not shown because it may hold data',
    ],
  ])('%s is %s', (expression, message) => {
    expect(() => compileJsonata(expression).evaluate(input, { now: 0, random: () => 0 })).toThrow(message);
  });
});
