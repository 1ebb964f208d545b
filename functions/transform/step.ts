/** One step of a rule: exactly one transformer, named by its key. */
export type Step = Readonly<Record<string, unknown>>;
