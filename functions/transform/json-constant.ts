import { TulleError } from '../../event/error.ts';
import { isJson } from './rendered.ts';

/** Hands out a new copy of a value at every call: events change theirs. @throws TulleError `step_invalid` */
export function jsonConstant(value: unknown): () => unknown {
  const text = JSON.stringify(value);
  if (text === undefined || !isJson(text)) {
    throw new TulleError('step_invalid', 'The value is not one that the data of an event may have', {
      place: '',
      mend: 'Give JSON of at most 64 levels.',
    });
  }
  return () => JSON.parse(text) as unknown;
}
