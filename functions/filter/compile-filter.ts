import { TulleError } from '../../event/error.ts';
import type { Condition } from './condition.ts';
import type { FilterLanguage } from './define-filter.ts';
import type { Filter } from './filter.ts';

/** Compiles a filter with the language that its one key names. Places start with that key: `/pattern/type/0`. */
export function compileFilter(filter: Filter, languages: readonly FilterLanguage<never>[]): Condition {
  const known = languages.map(({ language }) => language);
  const keys = typeof filter === 'object' && filter !== null ? Object.keys(filter) : [];
  const [key] = keys;
  if (key === undefined || keys.length > 1) {
    throw new TulleError('filter_invalid', 'A filter has exactly one language', {
      place: '',
      mend: `Write an object with one of: ${known.join(', ')}.`,
    });
  }
  const language = languages.find((one) => one.language === key);
  if (language === undefined) {
    throw new TulleError('filter_invalid', `There is no filter language ${JSON.stringify(key)}`, {
      place: `/${key}`,
      mend: `Use one of: ${known.join(', ')}.`,
    });
  }
  try {
    return language.compile((filter as Record<string, unknown>)[key] as never);
  } catch (error) {
    throw TulleError.is(error) ? within(key, error) : error;
  }
}

function within(key: string, error: TulleError): TulleError {
  const isPointer = error.place === undefined || error.place === '' || error.place.startsWith('/');
  return new TulleError(error.code, error.message, {
    place: isPointer ? `/${key}${error.place ?? ''}` : `/${key} ${error.place}`,
    ...(error.mend === undefined ? {} : { mend: error.mend }),
    cause: error,
  });
}
