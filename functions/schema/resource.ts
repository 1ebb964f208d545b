import { TulleError } from '../../event/error.ts';
import { type Dialect, dialectOf, dialects } from './dialect.ts';
import { escapePointer, isObject, type JsonObject, memberOf, unescapePointer } from './json.ts';
import { decodeFragment, resolveUri, splitFragment, withoutFragment } from './uri.ts';

/** A JSON Schema: an object, or `true` or `false`. */
export type JsonSchema = boolean | JsonObject;

/** A schema with an address of its own: a document, or a part of one that has an `$id`. */
export interface Resource {
  readonly uri: string;
  readonly root: JsonSchema;
  readonly dialect: Dialect;
  readonly anchors: Map<string, Located>;
  readonly dynamicAnchors: Map<string, Located>;
}

/** A schema, the resource it belongs to, and its JSON Pointer within the document. */
export interface Located {
  readonly schema: JsonSchema;
  readonly resource: Resource;
  readonly place: string;
}

export interface Library {
  readonly main: Located;
  /** Whether any schema of the library uses the keyword. */
  uses(keyword: string): boolean;
  /** The schema at a reference from within `from`. @throws TulleError `schema_invalid`; nothing is ever fetched */
  resolve(reference: string, from: Located, place: string): Located;
  /** The schema inside of another, by its path. */
  inside(parent: Located, ...path: (string | number)[]): Located;
}

/** Where a schema without an `$id` is at home, so that relative references have a base. */
const homeUri = 'schema:///';
export const deepestSchema = 128;

/**
 * Reads a schema and those it may refer to, and finds everything that has an address.
 * @param documents schemas by their absolute address; the keys count as their `$id` where they have none
 * @throws TulleError `schema_invalid`
 */
export function readLibrary(schema: JsonSchema, documents: ReadonlyMap<string, JsonSchema>): Library {
  const resources = new Map<string, Resource>();
  const located = new Map<object, Located>();
  const keywords = new Set<string>();
  const unread = new Map(documents);
  const referring: Located[] = [];
  let isMain = true;
  const main = readDocument(schema, homeUri, dialects[0]!);
  isMain = false;
  // What a reference leads to is read now, so that `uses` knows of everything; a faulty one is named by who compiles it.
  for (const from of referring) {
    for (const keyword of ['$ref', '$dynamicRef']) {
      const reference = memberOf(from.schema as JsonObject, keyword);
      if (typeof reference === 'string') find(reference, from);
    }
  }

  function readDocument(root: JsonSchema, uri: string, dialect: Dialect): Located {
    const resource = addResource(root, uri, dialectFor(root, dialect, ''));
    return read(root, resource, '', 0);
  }

  function read(schema: JsonSchema, parent: Resource, place: string, depth: number): Located {
    if (!isObject(schema)) return { schema, resource: parent, place };
    const known = located.get(schema);
    if (known !== undefined && known.resource === parent) return known;
    if (depth > deepestSchema) throw invalid(place, 'The schema is nested too deeply.', 'Use $defs and $ref.');
    const resource = resourceOf(schema, parent, place);
    const self: Located = { schema, resource, place };
    located.set(schema, self);
    readAnchors(self);
    for (const keyword of Object.keys(schema)) keywords.add(keyword);
    if ('$ref' in schema || '$dynamicRef' in schema) referring.push(self);
    const { applicators } = resource.dialect;
    for (const [keyword, argument] of Object.entries(schema)) {
      const holds = Object.hasOwn(applicators, keyword) ? applicators[keyword] : undefined;
      if (holds === undefined) continue;
      const at = `${place}/${escapePointer(keyword)}`;
      if (isSchema(argument) && holds.startsWith('schema') && !holds.startsWith('schemas')) {
        read(argument, resource, at, depth + 1);
      } else if (Array.isArray(argument)) {
        for (const [index, item] of argument.entries()) {
          if (isSchema(item)) read(item, resource, `${at}/${index}`, depth + 1);
        }
      } else if (isObject(argument) && holds.startsWith('schemas')) {
        for (const [name, item] of Object.entries(argument)) {
          if (isSchema(item)) read(item, resource, `${at}/${escapePointer(name)}`, depth + 1);
        }
      }
    }
    return self;
  }

  function addResource(root: JsonSchema, base: string, dialect: Dialect): Resource {
    const id = isObject(root) && !(dialect.refStandsAlone && Object.hasOwn(root, '$ref')) ? memberOf(root, '$id') : '';
    const uri = typeof id === 'string' ? withoutFragment(resolveUri(id, base) ?? base) : base;
    const resource = { uri, root, dialect, anchors: new Map(), dynamicAnchors: new Map() };
    if (!resources.has(uri)) resources.set(uri, resource);
    return resource;
  }

  /** An `$id` begins a resource; in draft-07 one that is a mere fragment is an anchor. */
  function resourceOf(schema: JsonObject, parent: Resource, place: string): Resource {
    if (schema === parent.root) return parent;
    const id = memberOf(schema, '$id');
    if (typeof id !== 'string' || id.startsWith('#')) return parent;
    if (parent.dialect.refStandsAlone && Object.hasOwn(schema, '$ref')) return parent;
    return addResource(schema, parent.uri, dialectFor(schema, parent.dialect, place));
  }

  function readAnchors(self: Located): void {
    const { schema, resource } = self;
    const { anchors, dynamicAnchors, dialect } = resource;
    if (dialect.refStandsAlone) {
      const id = memberOf(schema as JsonObject, '$id');
      const fragment = typeof id === 'string' ? id.split('#')[1] : undefined;
      if (fragment !== undefined && fragment !== '') anchors.set(fragment, self);
      return;
    }
    const anchor = memberOf(schema as JsonObject, '$anchor');
    const dynamic = memberOf(schema as JsonObject, '$dynamicAnchor');
    if (typeof anchor === 'string') anchors.set(anchor, self);
    if (typeof dynamic !== 'string') return;
    anchors.set(dynamic, self);
    dynamicAnchors.set(dynamic, self);
  }

  /** The dialect of a resource's root. A meta-schema of one's own may leave the validation vocabulary out. */
  function dialectFor(root: JsonSchema, inherited: Dialect, place: string): Dialect {
    const uri = isObject(root) ? memberOf(root, '$schema') : undefined;
    if (typeof uri !== 'string') return inherited;
    const known = dialectOf(uri);
    if (known !== undefined) return known;
    const vocabulary = memberOf((documents.get(uri) ?? {}) as JsonObject, '$vocabulary');
    if (isObject(vocabulary)) {
      const validation = memberOf(vocabulary, 'https://json-schema.org/draft/2020-12/vocab/validation');
      return { ...dialects[0]!, validates: validation !== undefined };
    }
    // Of other documents only what is used counts, and that is read by the rules of the schema that uses it.
    if (!isMain) return inherited;
    throw invalid(
      `${place}/$schema`,
      'The dialect of the schema is not supported.',
      `Use ${dialects.map((dialect) => dialect.uri).join(' or ')}.`,
    );
  }

  function resourceAt(uri: string, dialect: Dialect): Resource | undefined {
    const known = resources.get(uri);
    if (known !== undefined) return known;
    // Read when first asked for: most documents of a registry have nothing to do with one another.
    for (const [address, document] of unread) {
      if (withoutFragment(address) !== uri) continue;
      unread.delete(address);
      const { resource } = readDocument(document, uri, dialect);
      if (!resources.has(uri)) resources.set(uri, resource);
      return resources.get(uri);
    }
    return undefined;
  }

  function resolve(reference: string, from: Located, place: string): Located {
    const found = find(reference, from);
    if (found === 'no uri') {
      throw invalid(place, 'The reference is not a URI reference.', 'Write it as in RFC 3986.');
    }
    if (found === 'no document') {
      throw invalid(
        place,
        'The reference leads to a schema that is not here; nothing is fetched.',
        'Put the schema into $defs, with the same $id, and refer to it there.',
      );
    }
    if (found === undefined) {
      throw invalid(place, 'The reference leads to nothing.', 'Name a $defs entry, an $anchor or another schema.');
    }
    return found;
  }

  function find(reference: string, from: Located): Located | 'no uri' | 'no document' | undefined {
    const target = resolveUri(reference, from.resource.uri);
    if (target === undefined) return 'no uri';
    const [uri, rawFragment] = splitFragment(target);
    const resource = resourceAt(uri, from.resource.dialect);
    if (resource === undefined) return 'no document';
    const fragment = decodeFragment(rawFragment);
    if (fragment === '') return located.get(resource.root as object) ?? { schema: resource.root, resource, place: '' };
    return fragment.startsWith('/') ? follow(resource, fragment) : resource.anchors.get(fragment);
  }

  function follow(resource: Resource, pointer: string): Located | undefined {
    let value: unknown = resource.root;
    let within = resource;
    let place = located.get(resource.root as object)?.place ?? '';
    for (const segment of pointer.slice(1).split('/')) {
      const name = unescapePointer(segment);
      if (typeof value !== 'object' || value === null) return undefined;
      value = Object.hasOwn(value, name) ? (value as JsonObject)[name] : undefined;
      place += `/${segment}`;
      within = (isObject(value) ? located.get(value)?.resource : undefined) ?? within;
    }
    return isSchema(value) ? read(value, within, place, 0) : undefined;
  }

  return {
    main,
    uses: (keyword) => keywords.has(keyword),
    resolve,
    inside(parent, ...path) {
      let value: unknown = parent.schema;
      for (const segment of path) value = (value as JsonObject)[segment];
      const place = parent.place + path.map((segment) => `/${escapePointer(String(segment))}`).join('');
      if (!isSchema(value)) throw invalid(place, 'A schema must stand here.', 'Put an object here, or true or false.');
      return (isObject(value) ? located.get(value) : undefined) ?? { schema: value, resource: parent.resource, place };
    },
  };
}

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'boolean' || isObject(value);
}

export function invalid(place: string, message: string, mend: string): TulleError {
  return new TulleError('schema_invalid', message, { place, mend });
}
