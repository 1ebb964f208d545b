import { TulleError } from '../event/error.ts';
import { requireNoBody } from '../mesh/protocols/no-body.ts';
import { orderOf } from './change-order.ts';
import { documentKeys } from './document-keys.ts';
import { requireName } from './resources/name.ts';
import type { RuleDocument } from './resources/rule.ts';
import type { Call, Methods, Services } from './services.ts';

/**
 * `…/rules/{rule}/targets/{target}/pause`, `resume`: what operators may do to a rule without being allowed to write it.
 * What is planned for a target that is paused waits in its lane, in order, until it is too old.
 */
export function targetControls({ publisher }: Services): Readonly<Record<'pause' | 'resume', Methods>> {
  async function setPaused(call: Call, paused: boolean): Promise<Response> {
    const { principal, params } = call;
    await requireNoBody(call.request);
    const bus = requireName(params['bus'] ?? '', 'bus');
    const rule = requireName(params['rule'] ?? '', 'rule');
    const target = requireName(params['target'] ?? '', 'target');
    const key = documentKeys.rule(principal.tenant, bus, rule);
    const action = paused ? 'pause target' : 'resume target';
    const operation = { action, bus, details: { rule, target } } as const;
    await publisher.change({ ...orderOf(call), operation }, async (staging) => {
      const stored = await staging.get(key);
      const document = stored?.value as RuleDocument | undefined;
      const present = document?.targets.find(({ name }) => name === target);
      if (document === undefined || present === undefined) throw unknownTarget(rule, target);
      if ((present.paused ?? false) !== paused) await staging.put(key, withPaused(document, target, paused));
    });
    return Response.json({ rule, target, paused });
  }

  return {
    pause: { POST: (call) => setPaused(call, true) },
    resume: { POST: (call) => setPaused(call, false) },
  };
}

function withPaused(document: RuleDocument, name: string, paused: boolean): RuleDocument {
  return {
    ...document,
    targets: document.targets.map((target) => {
      if (target.name !== name) return target;
      const { paused: _paused, ...rest } = target;
      return paused ? { ...rest, paused } : rest;
    }),
  };
}

function unknownTarget(rule: string, target: string): TulleError {
  return new TulleError('not_found', `There is no rule ${rule} with a target ${target} on this bus.`, {
    place: 'target',
    mend: 'GET /v1/buses/{bus}/targets shows them.',
  });
}
