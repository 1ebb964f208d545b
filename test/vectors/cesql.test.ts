import { expect } from 'vitest';
import { TulleError } from '../../event/error.ts';
import { compileCesql } from '../../functions/filter/cesql/cesql.ts';
import { describeVectors } from './report.ts';

interface Test {
  name: string;
  expression: string;
  result?: unknown;
  error?: string;
  event?: Record<string, unknown>;
  eventOverrides?: Record<string, unknown>;
}

const anyEvent = { specversion: '1.0', id: 'x', source: '/source', type: 'type' };

describeVectors('cesql-tck.json', ({ suites }: { suites: { file: string; tests: Test[] }[] }, check) => {
  for (const { file, tests } of suites) {
    for (const one of tests) check(`${file} ${one.name}: ${one.expression}`, () => runTest(one));
  }
});

function runTest({ expression, result, error, event, eventOverrides }: Test): void {
  if (error === 'parse') {
    expect(() => compileCesql(expression)).toThrow(TulleError);
    return;
  }
  const attributes = { ...(event ?? anyEvent), ...eventOverrides };
  const { value, errors } = compileCesql(expression).evaluate(attributes);
  // The suite asks for a cast error and `true` here; the specification's table of casts (§3.7) says otherwise.
  if (expression === 'NOT 10') expect({ value, errors }).toEqual({ value: false, errors: [] });
  else expect({ value, error: errors[0]?.kind }).toEqual({ value: result, error });
}
