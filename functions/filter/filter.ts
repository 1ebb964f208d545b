/** A rule's filter: exactly one language, named by its key. */
export type Filter = { readonly pattern: unknown };
