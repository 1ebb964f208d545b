import type { Disable, SignOff } from '../mesh/delivery/sign-off.ts';
import type { Runtime } from '../mesh/ports/runtime.ts';
import type { SignedOff } from '../mesh/snapshot.ts';
import { deadLetterTargetOf } from './admission.ts';
import { documentKeys } from './document-keys.ts';
import type { Publisher } from './publisher.ts';
import type { RuleDocument } from './resources/rule.ts';

/**
 * Writes targets that signed off into their rules: the only version of a rule that a dispatcher makes. What signs off on a
 * bus within a second is written and published together, since KV takes one write a second for a key. A rule that is not
 * any more what the target was sent by stays as it is: whoever changed it may have enabled the target, or given it another
 * address, and where it is still gone it says so again.
 */
export function createDisabling(services: { readonly publisher: Publisher; readonly runtime: Runtime }): Disable {
  const { publisher, runtime } = services;
  const waiting = new Map<string, { readonly since: number; readonly signOffs: SignOff[] }>();

  async function write(tenant: string, bus: string, signOffs: readonly SignOff[]): Promise<void> {
    const at = new Date(runtime.now()).toISOString();
    await publisher.change({ tenant, by: 'system', why: 'targets signed off' }, async (staging) => {
      for (const [rule, ofRule] of Map.groupBy(signOffs, (signOff) => signOff.rule)) {
        const key = documentKeys.rule(tenant, bus, rule);
        const stored = await staging.get(key);
        const meant = ofRule.filter(({ ruleVersion }) => ruleVersion === stored?.version);
        if (stored === undefined || meant.length === 0) continue;
        const reasons = new Map(meant.map(({ target, reason }) => [target, { reason, at }]));
        await staging.put(key, disable(stored.value as RuleDocument, reasons));
      }
    });
  }

  async function writeSoon({ tenant, bus }: SignOff, signOffs: readonly SignOff[]): Promise<void> {
    await runtime.pause(togetherMs);
    if (waiting.get(`${tenant}/${bus}`)?.signOffs === signOffs) waiting.delete(`${tenant}/${bus}`);
    await write(tenant, bus, signOffs);
  }

  return (signOff) => {
    const key = `${signOff.tenant}/${signOff.bus}`;
    const known = waiting.get(key);
    // One that is long overdue is not coming: a Worker's invocation may end before what it left behind.
    if (known !== undefined && runtime.now() - known.since < overdueMs) {
      if (!known.signOffs.some(({ rule, target }) => rule === signOff.rule && target === signOff.target)) {
        known.signOffs.push(signOff);
      }
      return;
    }
    const signOffs = [signOff];
    waiting.set(key, { since: runtime.now(), signOffs });
    runtime.waitUntil(writeSoon(signOff, signOffs));
  };
}

const togetherMs = 1_000;
const overdueMs = 15_000;

function disable(rule: RuleDocument, reasons: ReadonlyMap<string, SignedOff>): RuleDocument {
  return {
    ...rule,
    targets: rule.targets.map((target) => {
      const own = reasons.get(target.name);
      const ofDeadLetters = reasons.get(deadLetterTargetOf(target.name));
      return {
        ...target,
        ...(own === undefined ? {} : { disabled: own }),
        ...(ofDeadLetters === undefined || target.deadLetter === undefined
          ? {}
          : { deadLetter: { ...target.deadLetter, disabled: ofDeadLetters } }),
      };
    }),
  };
}
