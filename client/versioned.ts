/** A document with the version that its `ETag` says. */
export async function readVersioned<Document>(
  response: Response,
): Promise<{ readonly version: number; readonly document: Document }> {
  const version = Number(/\d+/.exec(response.headers.get('etag') ?? '')?.[0] ?? 0);
  return { version, document: (await response.json()) as Document };
}
