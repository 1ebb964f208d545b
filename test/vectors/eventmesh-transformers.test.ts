import { expect } from 'vitest';
import { dataBytes } from '../../event/data.ts';
import { TulleError } from '../../event/error.ts';
import { fromJson } from '../../event/json-format.ts';
import { compileCompatibleTemplate } from '../../functions/transform/eventmesh-compatible.ts';
import { compileStrictTemplate, type EventMeshTemplateSpec } from '../../functions/transform/eventmesh-strict.ts';
import { parseExactly } from '../../functions/transform/exact-numbers.ts';
import { parseJsonPath } from '../../functions/transform/json-path.ts';
import { compileSteps } from '../../functions/transform/step.ts';
import { context, newEvent } from '../functions/transform/context.ts';
import { describeVectors } from './report.ts';

interface Case {
  kind: string;
  name?: string;
  test?: string;
  fn?: string;
  pattern?: string | null;
  transform?: { transformerType: string; value?: string | EventMeshTemplateSpec['values']; template?: string };
  event: unknown;
  eventText?: string;
  expected: unknown;
  class?: 'plain' | 'quirk';
  recommended?: string;
}

type Mode = 'strict' | 'eventmesh';

for (const file of ['eventmesh-functions.json', 'eventmesh-semantics.json']) {
  describeVectors(file, (_: unknown, check, text) => {
    // 10.0 is not 10 here.
    const { cases } = parseExactly(text, 'all') as { cases: Case[] };
    for (const one of cases) {
      const name = one.name ?? one.test ?? '';
      if (one.kind === 'jsonpath')
        check(`${one.fn ?? ''}: ${String(one.pattern)}`, () => expect(pathAnswer(one)).toBe(one.expected));
      if (one.kind !== 'transformer') continue;
      for (const mode of ['strict', 'eventmesh'] as const) {
        check(`${mode}: ${name}`, async () => expectAnswer(await outcome(one, mode), one, mode));
      }
    }
  });
}

/** What a quirk should have answered is said in words. */
function expectAnswer(answer: string, { expected, recommended }: Case, mode: Mode): void {
  if (mode === 'eventmesh' || recommended === undefined || recommended.startsWith('no recursion')) {
    expect(answer).toBe(String(expected).endsWith('_ERROR') ? 'error' : expected);
  } else if (recommended === 'JSON text') {
    expect(() => JSON.parse(answer) as unknown).not.toThrow();
    expect(answer).not.toBe(expected);
  } else if (recommended === 'error or evaluate') {
    expect(answer).not.toBe(expected);
  } else {
    expect(recommended).toContain('error');
    expect(answer).toBe('error');
  }
}

async function outcome(one: Case, mode: Mode): Promise<string> {
  const { transformerType, value, template } = one.transform ?? { transformerType: '' };
  const eventText = one.eventText ?? JSON.stringify(one.event);
  try {
    if (transformerType === 'template') return render(value, template ?? '', eventText, mode);
    return await runStep({ [transformerType]: transformerType === 'original' ? {} : value }, eventText);
  } catch (error) {
    if (TulleError.is(error)) return 'error';
    throw error;
  }
}

/** The template on any JSON: EventMesh does not ask for an event. */
function render(value: unknown, template: string, eventText: string, mode: Mode): string {
  const values = (typeof value === 'string' ? parse(value) : value) as EventMeshTemplateSpec['values'];
  // That they are scalars is for the step's schema to say.
  compileSteps([{ template: { values, template, mode } }]);
  if (mode === 'strict') return compileStrictTemplate({ values, template })(parse(eventText)).text;
  // EventMesh fills nothing in for an empty text.
  return compileCompatibleTemplate(eventText === '' ? { values: {}, template } : { values, template })(
    eventText === '' ? null : parse(eventText),
  ).text;
}

/** An event, or what only is the data of one, on its way through a step. */
async function runStep(step: Record<string, unknown>, eventText: string): Promise<string> {
  const isEvent = eventText.startsWith('{');
  const event = isEvent ? fromJson(eventText) : newEvent({ datacontenttype: 'text/plain', data: eventText });
  const [after] = await compileSteps([step]).run(event, context);
  if (after === undefined) throw new Error('the event was dropped');
  return isEvent && 'original' in step ? after.json : String(dataBytes(after));
}

function pathAnswer({ fn, pattern, event }: Case): unknown {
  const path = parseJsonPath(pattern ?? '');
  switch (fn) {
    case 'isValidAndDefinite':
      return path?.definite ?? false;
    case 'jsonPathParse':
      return path?.evaluate(event);
    case 'matchJsonPathValue':
      return JSON.stringify(path?.evaluate(event) ?? null);
    case 'matchJsonPathValueWithString': {
      const values = { value: pattern ?? '' };
      return compileStrictTemplate({ values, template: '${value}' })(event).text;
    }
    default:
      throw new Error(`there is no function ${fn ?? ''}`);
  }
}

function parse(text: string): unknown {
  try {
    return parseExactly(text, 'all');
  } catch (cause) {
    throw new TulleError('json_invalid', 'The text is not JSON', { cause });
  }
}
