// Without the driver: what only checks options is in Workers, too.

/** A name of the database, one part or several, as it is in SQL. */
export function quotePostgres(...names: readonly string[]): string {
  return names.map((name) => `"${name.replaceAll('"', '""')}"`).join('.');
}

/** Several values as one parameter. */
export function toPostgresArray(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`;
}
