import { type CompiledSteps, compileSteps } from '../functions/transform/step.ts';
import type { CompiledRule } from './compiled-snapshot.ts';

/** Each rule's, for as long as the rule is there. Apart from the rules, so that who only matches loads no transformer. */
const compiled = new WeakMap<CompiledRule, CompiledSteps>();

/** The steps of a rule, compiled when it first delivers. */
export function stepsOf(rule: CompiledRule): CompiledSteps {
  let steps = compiled.get(rule);
  if (steps === undefined) {
    steps = compileSteps(rule.steps);
    compiled.set(rule, steps);
  }
  return steps;
}
