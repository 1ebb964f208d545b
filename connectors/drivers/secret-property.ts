/** The schema of an option that names a stored secret: an address with its credentials is never in a document. */
export function secretProperty<const Description extends string>(description: Description) {
  return { type: 'string', minLength: 1, maxLength: 128, description } as const;
}
