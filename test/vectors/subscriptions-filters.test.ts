import { expect } from 'vitest';
import { TulleError } from '../../event/error.ts';
import { explain } from '../../functions/filter/explain.ts';
import { createRuleIndex } from '../../functions/filter/rule-index.ts';
import { describeVectors } from './report.ts';

type Event = Record<string, unknown>;

interface Vectors {
  unit: { name: string; filters: unknown[]; event: Event; want: boolean }[];
  e2e: {
    name: string;
    filters: unknown[];
    filterAttributes: Record<string, string> | null;
    cases: { event: Event; deliver: boolean }[];
  }[];
  invalidAttributeNames: string[];
}

describeVectors('subscriptions-filters.json', ({ unit, e2e, invalidAttributeNames }: Vectors, check) => {
  for (const { name, filters, event, want } of unit) check(name, () => expect(delivers(filters, event)).toBe(want));
  for (const { name, filters, filterAttributes, cases } of e2e) {
    // A Knative trigger's older attribute filter counts only where there are no filters.
    const applied = filters.length === 0 && filterAttributes !== null ? [{ exact: filterAttributes }] : filters;
    for (const { event, deliver } of cases) {
      check(`${name}: ${JSON.stringify(event)}`, () => expect(delivers(applied, event)).toBe(deliver));
    }
  }
  for (const name of invalidAttributeNames) {
    check(`the attribute name ${JSON.stringify(name)} is refused`, () => {
      expect(() => createRuleIndex().add('rule', { filters: [{ exact: { [name]: 'x' } }] })).toThrow(TulleError);
    });
  }
});

/** A filter that names what cannot be an attribute is refused, and so delivers nothing. */
function delivers(filters: unknown[], event: Event): boolean {
  const index = createRuleIndex<string>();
  try {
    index.add('rule', { filters });
  } catch (error) {
    expect(TulleError.is(error) && error.message).toMatch(/is not the name of an attribute/);
    return false;
  }
  const json = JSON.stringify(event);
  const delivered = index.match(json).length === 1;
  expect(index.match(json, { mode: 'trusted' }).length === 1).toBe(delivered);
  expect(explain({ filters }, json).matched).toBe(delivered);
  return delivered;
}
