import { TulleError } from '../../event/error.ts';
import { compileJsonata, type CompiledJsonata, type JsonataContext } from '../../functions/jsonata/jsonata.ts';
import { splitPlaceholders } from '../../functions/transform/placeholders.ts';
import { joinBounded } from '../../functions/transform/rendered.ts';

/** Fills a text from an event in the shape of the JSON format. Throws TulleError `step_failed`, `fuel_exhausted`. */
export type TextTemplate = (event: unknown, context: JsonataContext) => string;

/**
 * Text with `${expression}` or `${expression:-fallback}`, each a JSONata expression on the event: `${data.total}`,
 * `${$uppercase(type)}`; `$${` is the text `${`. What an expression finds goes through `escape`, what is written in the
 * template does not. Nothing found is the fallback, or empty; objects and lists are written as JSON.
 * @throws TulleError `target_invalid` with `place`
 */
export function compileTextTemplate(
  template: string,
  place: string,
  escape: (value: string) => string = (value) => value,
): TextTemplate {
  const pieces = splitPlaceholders(template).map((piece) => {
    if (typeof piece === 'string') return piece;
    return { expression: compile(piece.name, place), fallback: piece.fallback ?? '' };
  });
  function* fill(event: unknown, context: JsonataContext): Generator<string> {
    for (const piece of pieces) {
      if (typeof piece === 'string') yield piece;
      else yield escape(toText(piece.expression.evaluate(event, context)) ?? piece.fallback);
    }
  }
  return (event, context) => joinBounded(fill(event, context), place);
}

function compile(expression: string, place: string): CompiledJsonata {
  try {
    return compileJsonata(expression);
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    throw new TulleError('target_invalid', `\${${expression}} cannot be read: ${error.message}`.slice(0, 512), {
      place,
      mend: 'Write JSONata between ${ and }, such as ${data.id}; for the text itself write $${.',
    });
  }
}

/** `undefined` for nothing, which `null` and the empty text are too. */
function toText(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
