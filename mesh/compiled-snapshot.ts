import type { Event } from '../event/event.ts';
import { isReplayed } from '../event/replay-mark.ts';
import { createRuleIndex } from '../functions/filter/rule-index.ts';
import type { Step } from '../functions/transform/step.ts';
import type { DeliveryPlan } from './envelope.ts';
import { hasLane, laneOfTarget } from './lane.ts';
import type { SchemaGate } from './schema-gate.ts';
import type { ArchiveSettings, Rule, Snapshot, Target } from './snapshot.ts';

/** A snapshot made ready: the filters in one index. */
export interface CompiledSnapshot {
  readonly snapshot: Snapshot;
  /** Absent where the bus looks at no schemas. */
  readonly schemas?: SchemaGate;
  /** How long archived events stay, at most; absent where the bus has no archives. */
  readonly archiveSeconds?: number;
  match(event: Event): Matched;
  rule(name: string): CompiledRule | undefined;
}

export interface Matched {
  readonly rules: readonly CompiledRule[];
  /** An archive keeps it. */
  readonly isKept: boolean;
  /** The bus records all: it is stored where nothing else asks for it, too. */
  readonly isRecorded: boolean;
}

export interface CompiledRule {
  /** The one that it is of. */
  readonly snapshot: Snapshot;
  readonly name: string;
  /** See `Rule.version`. */
  readonly version: number | undefined;
  readonly deliveries: readonly DeliveryPlan[];
  /** Those whose targets take them as they come, and those that wait in a lane. */
  readonly direct: readonly DeliveryPlan[];
  readonly laned: readonly LanedDelivery[];
  /** As they stand in the rule: `stepsOf` has them compiled. */
  readonly steps: readonly Step[];
  target(name: string): Target | undefined;
}

export interface LanedDelivery {
  readonly delivery: DeliveryPlan;
  /** `undefined` for an event that need not wait. */
  readonly laneOf: (event: Event) => string | undefined;
}

/**
 * `schemas`: the gate of a bus that looks at them.
 * @throws TulleError `filter_invalid`: rules are compiled at admission, so this means that the snapshot is damaged.
 */
export function compileSnapshot(snapshot: Snapshot, schemas?: SchemaGate): CompiledSnapshot {
  const { archives = [] } = snapshot;
  const index = createRuleIndex<CompiledRule | ArchiveSettings>();
  const rules = new Map<string, CompiledRule>();
  for (const rule of snapshot.rules) {
    if (!rule.enabled) continue;
    const compiled = compileRule(rule, snapshot);
    rules.set(rule.name, compiled);
    index.add(compiled, rule.filter);
  }
  for (const archive of archives) index.add(archive, archive.filter);
  const archiveSeconds = Math.max(0, ...archives.map(({ retentionSeconds }) => retentionSeconds));
  const isRecorded = snapshot.settings.record === 'all';
  return {
    snapshot,
    ...(schemas === undefined ? {} : { schemas }),
    ...(archives.length === 0 ? {} : { archiveSeconds }),
    match(event) {
      const found = index.match(event.json, { mode: event.duplicateKeys ? 'validated' : 'trusted' });
      if (archives.length === 0) return { rules: found as CompiledRule[], isKept: false, isRecorded };
      const matched = found.filter((one): one is CompiledRule => 'deliveries' in one);
      return { rules: matched, isKept: matched.length < found.length && !isReplayed(event), isRecorded };
    },
    rule: (name) => rules.get(name),
  };
}

function compileRule(rule: Rule, snapshot: Snapshot): CompiledRule {
  const targets = new Map(rule.targets.map((target) => [target.name, target]));
  const matching = rule.targets.filter(
    ({ deadLettersOnly, disabled }) => deadLettersOnly !== true && disabled === undefined,
  );
  const planned = matching.map((target) => ({ target, delivery: { rule: rule.name, target: target.name } }));
  return {
    snapshot,
    name: rule.name,
    version: rule.version,
    deliveries: planned.map(({ delivery }) => delivery),
    direct: planned.filter(({ target }) => !hasLane(target)).map(({ delivery }) => delivery),
    laned: planned
      .filter(({ target }) => hasLane(target))
      .map(({ target, delivery }) => ({ delivery, laneOf: (event) => laneOfTarget(rule.name, target, event) })),
    steps: rule.steps,
    target: (name) => targets.get(name),
  };
}
