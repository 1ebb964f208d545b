/** What a source that reads a table in the order of a column is told, whichever database has it. */
export function createTableProperties(longestName: number) {
  const name = { type: 'string', minLength: 1, maxLength: longestName } as const;
  return {
    column: { ...name, description: 'grows with every new or changed row: a serial number, a time of change' },
    key: { ...name, description: 'unique: tells rows with the same value of column apart; default column' },
    columns: { type: 'array', minItems: 1, maxItems: 200, items: name, description: 'what is read; default all' },
    partitionkey: {
      ...name,
      description: 'a column: events with the same value keep their order where the target asks for it; default key',
    },
  } as const;
}
