import jsonata from 'jsonata';
import { JsonataError } from './error.ts';
import type { Ast } from './syntax.ts';

const longestText = 65_536;

/** Parses JSONata with the language's own parser; throws `JsonataError` S…. */
export function parse(text: string): Ast {
  if (text.length > longestText) {
    throw new JsonataError('S0201', `The expression is longer than ${longestText} characters`);
  }
  try {
    return jsonata(text).ast() as unknown as Ast;
  } catch (error) {
    const { code, position, message } = error as { code?: unknown; position?: unknown; message?: unknown };
    if (typeof code !== 'string') {
      throw error instanceof SyntaxError ? new JsonataError('S0303', 'The regular expression is not valid') : error;
    }
    throw new JsonataError(code, String(message), typeof position === 'number' ? position : undefined);
  }
}
