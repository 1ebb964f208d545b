/**
 * A rule's filter: exactly one language, named by its key. What each language takes is described by its
 * `FilterLanguage`; `createRuleIndex` and `explain` refuse a filter with no key, with two, or with an unknown one.
 */
export type Filter =
  /** An event pattern (the EventBridge language) over the CloudEvents JSON text; an object, or JSON text. */
  | { readonly pattern: unknown }
  /** The same language with the names of the EventBridge envelope: `detail` is `data`, `detail-type` is `type`. */
  | { readonly eventbridge: unknown }
  /** CloudEvents Subscriptions dialects; all of them must match. */
  | { readonly filters: readonly unknown[] }
  /** CloudEvents SQL. */
  | { readonly sql: string }
  /** A JSONata expression. */
  | { readonly jsonata: string }
  /** An EventMesh filter pattern. */
  | { readonly eventmesh: unknown };
