import { TulleError } from '../../event/error.ts';
import { compileJsonata } from '../jsonata/jsonata.ts';
import { type CloudEventObject, defineTransformer } from './define-transformer.ts';
import { toPlainJson } from './plain-json.ts';

export interface JsonataSpec {
  /** Evaluated on the whole event: `data.amount`, `type`, `$.source`. */
  readonly jsonata: string;
  /** What the result is: the event's new data (default), the whole new event, or as many events as there are in a list. */
  readonly output?: 'data' | 'event' | 'events';
}

/**
 * Reshapes an event by a JSONata expression. An expression that finds nothing fails the step: a wrong path would
 * otherwise deliver empty events for as long as nobody looks; `null` says that it is meant.
 */
export const jsonata = defineTransformer<JsonataSpec>({
  kind: 'transform',
  description: 'Makes new data, or a whole new event, by an expression, such as { jsonata: "{ \'id\': data.userId }" }',
  schema: {
    type: 'object',
    required: ['jsonata'],
    additionalProperties: false,
    properties: {
      jsonata: { type: 'string', minLength: 1, maxLength: 16_384 },
      output: { enum: ['data', 'event', 'events'] },
    },
  },
  compile(spec) {
    const expression = placed(() => compileJsonata(spec.jsonata));
    const finish = { data: withData, event: asEvent, events: asEvents }[spec.output ?? 'data'];
    return (event, context) => {
      const result = placed(() => expression.evaluate(event, context));
      // Where a list is expected, nothing found is an empty one.
      const found = result === undefined && spec.output === 'events' ? [] : result;
      return finish(toPlainJson(found), event);
    };
  },
});

function withData(data: unknown, event: CloudEventObject): CloudEventObject {
  delete event['data_base64'];
  event['data'] = data;
  event['datacontenttype'] = 'application/json';
  return event;
}

function asEvent(result: unknown): CloudEventObject {
  if (typeof result === 'object' && result !== null && !Array.isArray(result)) return result as CloudEventObject;
  throw new TulleError('step_failed', 'The result is not an object, and so no event', {
    place: '/jsonata',
    mend: 'Answer a whole event, such as $merge([$, { "type": "new" }]), or set output to data.',
  });
}

function asEvents(result: unknown): readonly CloudEventObject[] {
  return (Array.isArray(result) ? result : [result]).map(asEvent);
}

/** The compiler says where in the expression; a step says where in its spec. */
function placed<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    const place = error.place?.replace(/^expression/, '/jsonata') ?? '/jsonata';
    const { message, mend, cause } = error;
    throw new TulleError(error.code, message, { place, cause, ...(mend === undefined ? {} : { mend }) });
  }
}
