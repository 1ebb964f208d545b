export type Members = Readonly<Record<string, unknown>>;

export interface FoundOperation {
  readonly operation: Members;
  readonly pathItem: Members;
  /** With its `{parameters}`. */
  readonly path: string;
  readonly method: string;
}

/** @throws TypeError where there is no such operation, or the document is none of OpenAPI 3 */
export function findOperation(document: Members, operationId: string): FoundOperation {
  if (!/^3\.[01]\./.test(String(document['openapi'])))
    throw new TypeError('The document is none of OpenAPI 3.0 or 3.1');
  const known: string[] = [];
  for (const [path, item] of Object.entries(isObject(document['paths']) ? document['paths'] : {})) {
    const pathItem = resolveReference(document, item);
    for (const method of methods) {
      const operation = pathItem[method];
      if (!isObject(operation)) continue;
      if (operation['operationId'] === operationId) return { operation, pathItem, path, method: method.toUpperCase() };
      known.push(String(operation['operationId']));
    }
  }
  throw new TypeError(`There is no operation ${operationId}; there are ${known.join(', ') || 'none'}`);
}

/** What a local reference (`#/components/…`) leads to, or the value itself. @throws TypeError for any other reference */
export function resolveReference(document: Members, value: unknown): Members {
  let current = value;
  for (let steps = 0; isObject(current) && typeof current['$ref'] === 'string'; steps += 1) {
    const reference = current['$ref'];
    if (!reference.startsWith('#/') || steps === 16)
      throw new TypeError(`The reference ${reference} leads nowhere here`);
    current = reference
      .slice(2)
      .split('/')
      .map((segment) => decodeURIComponent(segment).replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((at, name) => (isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined), document);
  }
  if (isObject(current)) return current;
  throw new TypeError('A reference of the document, or a part of it, is no object');
}

export function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const methods = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'] as const;
