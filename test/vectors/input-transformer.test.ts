import { expect } from 'vitest';
import { TulleError } from '../../event/error.ts';
import { newEvent, runSteps } from '../functions/transform/context.ts';
import { compileInputTemplate } from '../../functions/transform/input-template.ts';
import { describeVectors } from './report.ts';

interface Case {
  name: string;
  kind: 'json' | 'text' | 'not-delivered' | 'put-targets-error';
  input_paths: Record<string, string> | null;
  template: string | null;
  input_path?: string;
  event: Record<string, unknown>;
  context: { rule_arn: string; rule_name: string; ingestion_time: string };
  expected: unknown;
}

describeVectors('input-transformer.json', ({ cases }: { cases: Case[] }, check) => {
  for (const one of cases) {
    if (one.template !== null && one.input_path === undefined) {
      check(`as EventBridge: ${one.name}`, () => expectAnswer(one, one.template ?? '', false));
      check(`strict: ${one.name}`, () => expectAnswer(one, one.template ?? '', true));
    }
    check(`as a step: ${one.name}`, async () => expect(await asStep(one)).toEqual(expectedOfStep(one)));
  }
});

/** The template on EventBridge's own envelope. */
function expectAnswer({ kind, input_paths, event, context, expected }: Case, template: string, strict: boolean): void {
  const spec = { inputPathsMap: input_paths ?? {}, inputTemplate: template, strict };
  const reserved = { ruleArn: context.rule_arn, ruleName: context.rule_name, ingestionTime: context.ingestion_time };
  const answer = () => compileInputTemplate(spec)(event, reserved);
  if (kind === 'put-targets-error') {
    expect(answer).toThrow(expect.objectContaining({ code: 'step_invalid' }));
  } else if (kind === 'not-delivered') {
    if (strict) expect(answer).toThrow(TulleError);
    else expect(answer()).toBeUndefined();
  } else {
    const { kind: mine, text = '' } = answer() ?? {};
    expect(mine).toBe(kind);
    expect(kind === 'json' ? (JSON.parse(text) as unknown) : text).toEqual(expected);
  }
}

/** The step on the event as a CloudEvent. */
async function asStep({ template, input_paths, input_path, event, context }: Case): Promise<unknown> {
  const { detail, 'detail-type': type, id, source, time, account, region, resources } = event;
  const cloudEvent = newEvent({
    id,
    source,
    type,
    time,
    account,
    region,
    resources: JSON.stringify(resources),
    data: detail,
  });
  const spec = {
    ...(input_path === undefined ? {} : { inputPath: input_path }),
    ...(input_paths === null ? {} : { inputPathsMap: input_paths }),
    ...(template === null ? {} : { inputTemplate: template }),
    strict: false,
  };
  try {
    const [result] = await runSteps([{ inputTransformer: spec }], cloudEvent, {
      now: Date.parse(context.ingestion_time),
      rule: { bus: 'test-bus', name: context.rule_name },
    });
    return result?.['data'] ?? null;
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    return error.code;
  }
}

/** An ARN of AWS is one of ours in the event that a step sees. */
function expectedOfStep({ kind, expected, context, event }: Case): unknown {
  if (kind === 'put-targets-error') return 'step_invalid';
  const arn = `arn:tulle:events:${String(event['region'])}:${String(event['account'])}:rule/test-bus/${context.rule_name}`;
  return JSON.parse(JSON.stringify(expected).replaceAll(context.rule_arn, arn)) as unknown;
}
