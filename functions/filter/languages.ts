import { sqlFilter } from './cesql/language.ts';
import type { FilterLanguage } from './define-filter.ts';
import { eventBridgePattern, eventPattern } from './event-pattern/language.ts';
import { eventMeshFilter } from './eventmesh/language.ts';
import { jsonataFilter } from './jsonata/language.ts';
import { subscriptionFilters } from './subscriptions/language.ts';

/** Every filter language that a rule may use, unless other ones are given. */
export const filterLanguages: readonly FilterLanguage<never>[] = [
  eventPattern,
  eventBridgePattern,
  subscriptionFilters,
  sqlFilter,
  eventMeshFilter,
  jsonataFilter,
];
