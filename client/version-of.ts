/** The version of the document in an answer, by its `ETag`. */
export function versionOf({ headers }: Response): number {
  return Number(/\d+/.exec(headers.get('etag') ?? '')?.[0] ?? 0);
}
