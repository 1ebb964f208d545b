import { TulleError } from '../../../event/error.ts';
import { defineFilter } from '../define-filter.ts';
import { compileSqlFilter } from './filter.ts';
import { cesqlLimits } from './cursor.ts';

/** CloudEvents SQL 1.0 over context attributes. */
export const sqlFilter = defineFilter<string>({
  language: 'sql',
  schema: { type: 'string', minLength: 1, maxLength: cesqlLimits.length },
  description: "CloudEvents SQL over context attributes: type LIKE 'user.%' AND EXISTS region.",
  compile(expression) {
    if (typeof expression === 'string') return compileSqlFilter(expression);
    throw new TulleError('filter_invalid', 'The expression is not a string.', {
      mend: "Write CloudEvents SQL as text: type LIKE 'order.%'.",
    });
  },
});
