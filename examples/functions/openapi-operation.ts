import { compileSchema, type JsonSchema } from '../../functions/schema/schema.ts';
import { checkDataPath } from './object-path.ts';
import { findOperation, isObject, type Members, resolveReference } from './openapi-document.ts';

export interface Operation {
  /** The request for some values of its parameters. Throws where one is missing or does not fit. */
  toRequest(values: ReadonlyMap<string, unknown>, credential: string | undefined): ApiRequest;
}

export interface ApiRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
}

interface Parameter {
  readonly name: string;
  readonly place: 'path' | 'query' | 'header';
  readonly required: boolean;
  /** Arrays in the query: `a=1&a=2`; otherwise `a=1,2`. */
  readonly explode: boolean;
  readonly fits: (value: unknown) => boolean;
}

/** @throws TypeError where the document, the operation and the options do not fit together */
export function prepareOperation(options: {
  readonly document: object;
  readonly operationId: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly at: string;
  readonly secret?: string;
}): Operation {
  const { operationId } = options;
  const document = options.document as Members;
  checkDataPath(options.at);
  const { operation, pathItem, path, method } = findOperation(document, operationId);
  if (isObject(operation['requestBody']) && operation['requestBody']['required'] === true) {
    throw new TypeError(`${operationId} needs a body, and parameters are all that is sent`);
  }
  const parameters = readParameters(document, pathItem, operation);
  for (const name of Object.keys(options.parameters)) {
    if (!parameters.some((parameter) => parameter.name === name)) {
      throw new TypeError(`${operationId} has no parameter ${name}; it has ${listOf(parameters)}`);
    }
  }
  const unmapped = parameters.filter(({ name, required }) => required && !Object.hasOwn(options.parameters, name));
  if (unmapped.length > 0)
    throw new TypeError(`${operationId} needs ${listOf(unmapped)}: say where in the event it is`);
  const base = serverOf(document, pathItem, operation);
  const authorize = options.secret === undefined ? undefined : readSecurity(document, operation, operationId);

  return {
    toRequest(values, credential) {
      let filled = path;
      const query: string[] = [];
      const headers = new Headers({ accept: 'application/json' });
      for (const parameter of parameters) {
        const { name, place, required, explode, fits } = parameter;
        const value = values.get(name);
        if (value === undefined || value === null) {
          if (required) throw new Error(`the event has nothing for the parameter ${name}`);
          continue;
        }
        if (!fits(value)) throw new Error(`what the event has for the parameter ${name} does not fit its schema`);
        const texts = (Array.isArray(value) ? value : [value]).map((item) => toText(item, name));
        if (place === 'header') headers.set(name, texts.join(','));
        else if (place === 'path') filled = filled.replaceAll(`{${name}}`, texts.map(toSegment).join(','));
        else if (explode) query.push(...texts.map((text) => `${encodeURIComponent(name)}=${encodeURIComponent(text)}`));
        else query.push(`${encodeURIComponent(name)}=${texts.map(encodeURIComponent).join(',')}`);
      }
      if (authorize !== undefined && credential !== undefined) authorize(headers, query, credential);
      const url = `${base}${filled}${query.length === 0 ? '' : `?${query.join('&')}`}`;
      return { method, url, headers };
    },
  };
}

/** Those of the operation stand for those of the path with the same name and place. */
function readParameters(document: Members, pathItem: Members, operation: Members): readonly Parameter[] {
  const parameters = new Map<string, Parameter>();
  for (const list of [pathItem['parameters'], operation['parameters']]) {
    for (const item of Array.isArray(list) ? list : []) {
      const parameter = toParameter(document, resolveReference(document, item));
      // OpenAPI leaves these to the content and the security.
      if (parameter.place === 'header' && /^(accept|content-type|authorization)$/i.test(parameter.name)) continue;
      parameters.set(`${parameter.place}/${parameter.name}`, parameter);
    }
  }
  return [...parameters.values()];
}

function toParameter(document: Members, parameter: Members): Parameter {
  const { name, in: place, required = false, schema = true, style = place === 'query' ? 'form' : 'simple' } = parameter;
  if (typeof name !== 'string' || (place !== 'path' && place !== 'query' && place !== 'header')) {
    throw new TypeError(`A parameter in ${String(place)} cannot be sent; path, query and header can`);
  }
  if (style !== (place === 'query' ? 'form' : 'simple')) {
    throw new TypeError(`The style ${String(style)} of the parameter ${name} is not supported`);
  }
  const { explode = place === 'query' } = parameter;
  // References of the schema lead into the document's components.
  const compiled = compileSchema(
    isObject(schema) ? { ...schema, components: document['components'] } : (schema as JsonSchema),
  );
  return {
    name,
    place,
    required: required === true,
    explode: explode === true,
    fits: (value) => compiled.check(value),
  };
}

function serverOf(document: Members, pathItem: Members, operation: Members): string {
  const servers = [operation, pathItem, document].map((owner) => owner['servers']).find(Array.isArray) ?? [];
  const [server] = servers as readonly unknown[];
  const variables = isObject(server) && isObject(server['variables']) ? server['variables'] : {};
  const url = isObject(server) ? String(server['url']) : '';
  const filled = url.replaceAll(/\{([^}]*)\}/g, (whole, name: string) => {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return isObject(variable) ? String(variable['default']) : whole;
  });
  if (!URL.canParse(filled)) throw new TypeError('The document names no server with a whole URL');
  return filled.replace(/\/$/, '');
}

type Authorize = (headers: Headers, query: string[], credential: string) => void;

/** The first scheme of the operation, or else of the document, that one secret can satisfy. */
function readSecurity(document: Members, operation: Members, operationId: string): Authorize {
  const components = isObject(document['components']) ? document['components'] : {};
  const schemes = isObject(components['securitySchemes']) ? components['securitySchemes'] : {};
  const requirements = operation['security'] ?? document['security'];
  for (const requirement of Array.isArray(requirements) ? requirements : []) {
    const [name, ...others] = Object.keys(requirement as object);
    if (name === undefined || others.length > 0 || !Object.hasOwn(schemes, name)) continue;
    const scheme = resolveReference(document, schemes[name]);
    const parameter = String(scheme['name']);
    if (scheme['type'] === 'apiKey' && scheme['in'] === 'header') {
      return (headers, _query, credential) => headers.set(parameter, credential);
    }
    if (scheme['type'] === 'apiKey' && scheme['in'] === 'query') {
      return (_headers, query, credential) =>
        query.push(`${encodeURIComponent(parameter)}=${encodeURIComponent(credential)}`);
    }
    if (scheme['type'] === 'http' && String(scheme['scheme']).toLowerCase() === 'bearer') {
      return (headers, _query, credential) => headers.set('authorization', `Bearer ${credential}`);
    }
  }
  throw new TypeError(`${operationId} has no security scheme that one secret can satisfy`);
}

function toText(value: unknown, name: string): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`what the event has for the parameter ${name} is no text, number or boolean`);
}

/** One segment of the path, whatever is in it: `..` would climb out of the operation. */
function toSegment(text: string): string {
  if (text === '' || text === '.' || text === '..') throw new Error('a parameter of the path is empty or made of dots');
  return encodeURIComponent(text);
}

function listOf(parameters: readonly Parameter[]): string {
  return parameters.map(({ name }) => name).join(', ') || 'none';
}
