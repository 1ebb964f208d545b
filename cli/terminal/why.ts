export const whyOption = { why: { type: 'string', description: 'why, for the history' } } as const;
