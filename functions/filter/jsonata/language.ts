import { TulleError } from '../../../event/error.ts';
import { compileJsonata } from '../../jsonata/jsonata.ts';
import { parse } from '../../jsonata/parse.ts';
import type { Condition, EventView } from '../condition.ts';
import { defineFilter } from '../define-filter.ts';
import { necessary } from './necessary.ts';

const longestExpression = 16_384;
/** A tenth of what a step may use: a filter is asked for every event that the index cannot rule out. */
const fuel = 100_000;

/** JSONata over the whole event: general, and slower than every other language. */
export const jsonataFilter = defineFilter<string>({
  language: 'jsonata',
  schema: { type: 'string', minLength: 1, maxLength: longestExpression },
  description: 'JSONata expression over the event, whose effective boolean value decides: data.amount > 100.',
  compile(expression) {
    if (typeof expression !== 'string' || expression.length > longestExpression) {
      throw new TulleError(
        'filter_invalid',
        `The expression is not a string of at most ${longestExpression} characters.`,
        {
          mend: 'Write JSONata as text: data.amount > 100.',
        },
      );
    }
    return compileExpression(expression);
  },
});

/** Another answer at another time would make replays and explanations wrong. */
const unrepeatable = 'a filter must give the same answer whenever it is asked';

function compileExpression(text: string): Condition {
  const compiled = compileJsonata(text, {
    invalid: 'filter_invalid',
    refused: { now: unrepeatable, millis: unrepeatable, random: unrepeatable, shuffle: unrepeatable },
    limits: { fuel },
  });
  const evaluate = (event: EventView): boolean => compiled.test(event.value(), { now: 0, random: () => 0 });
  const decides: Condition = {
    kind: 'predicate',
    test(event) {
      try {
        return evaluate(event);
      } catch (error) {
        // Wrong types and exhausted fuel: the event does not pass, and `explain` says why.
        if (TulleError.is(error)) return false;
        throw error;
      }
    },
    explain(event) {
      const line = { path: '', operator: 'jsonata', expected: text, actual: undefined };
      try {
        return [{ ...line, matched: evaluate(event) }];
      } catch (error) {
        if (!TulleError.is(error)) throw error;
        return [{ ...line, matched: false, note: error.message }];
      }
    },
  };
  const needs = necessary(parse(text));
  return needs === undefined ? decides : { kind: 'all', of: [needs, decides] };
}
