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
      const answer = one.kind === 'jsonpath' ? pathFunctions[one.fn ?? ''] : undefined;
      if (answer) {
        check(`${one.fn}: ${one.pattern}`, () => expect(answer(one.pattern ?? '', one.event)).toEqual(one.expected));
      }
      if (one.kind !== 'transformer') continue;
      for (const mode of ['strict', 'eventmesh'] as const) {
        check(`${mode}: ${name}`, async () => expectAnswer(await outcome(one, mode), one, mode));
      }
    }
  });
}

/** What a quirk should have answered is said in words; in any case it is not what EventMesh answers. */
function expectAnswer(answer: string, { expected, recommended }: Case, mode: Mode): void {
  // Literals are the template's author's own.
  const isAsUpstream = mode === 'eventmesh' || recommended === undefined || /event-derived/.test(recommended);
  if (isAsUpstream) expect(answer).toBe(String(expected).endsWith('_ERROR') ? 'error' : expected);
  else if (/^(build )?error(?! or)/.test(recommended)) expect(answer).toBe('error');
  else expect(answer).not.toBe(expected);
  if (mode === 'strict' && recommended === 'JSON text') expect(() => JSON.parse(answer) as unknown).not.toThrow();
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

/** What EventMesh's JSONPath functions answer. */
const pathFunctions: Readonly<Record<string, (path: string, event: unknown) => unknown>> = {
  isValidAndDefinite: (path) => parseJsonPath(path)?.definite ?? false,
  jsonPathParse: (path, event) => parseJsonPath(path)?.evaluate(event) ?? null,
  matchJsonPathValue: (path, event) => JSON.stringify(parseJsonPath(path)?.evaluate(event) ?? null),
  matchJsonPathValueWithString: textAt,
  getJsonPathValue: textAt,
};

function textAt(path: string, event: unknown): string {
  return compileStrictTemplate({ values: { value: path }, template: '${value}' })(event).text;
}

function parse(text: string): unknown {
  try {
    return parseExactly(text, 'all');
  } catch (cause) {
    throw new TulleError('json_invalid', 'The text is not JSON', { cause });
  }
}
