import type * as Sdk from './sdk/dynamo.ts';
import type { AttributeValue, DynamoDBClient, WriteRequest } from '@aws-sdk/client-dynamodb';
import { TulleError } from '../../event/error.ts';

/**
 * The one table of an installation: a partition key `pk`, a sort key `sk`, both text, and `ttl`, in seconds since the
 * epoch, after which DynamoDB may delete an item. Single-item conditional writes only; every read is strongly consistent.
 */
export interface Table {
  get(key: Key): Promise<Item | undefined>;
  getMany(keys: readonly Key[]): Promise<ReadonlyMap<string, Item>>;
  /** Answers whether the condition held. */
  put(item: Item, condition?: Condition): Promise<boolean>;
  /** The item as it is after the update (with `old`, as it was before it); `undefined` where the condition did not hold. */
  update(key: Key, change: Change): Promise<Item | undefined>;
  delete(key: Key, condition?: Condition): Promise<boolean>;
  query(query: Query): Promise<QueryPage>;
  /** How many items, looked at in one call. */
  count(query: Query): Promise<{ readonly count: number; readonly more: boolean }>;
  putMany(items: readonly Item[]): Promise<void>;
  deleteMany(keys: readonly Key[]): Promise<void>;
}

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

export interface Item extends Key {
  readonly [attribute: string]: Attribute | undefined;
}

export type Attribute = string | number | Uint8Array;

/** DynamoDB's own language; attributes are written `#name`, whatever words it reserves. */
export interface Condition {
  readonly expression: string;
  readonly values?: Readonly<Record<`:${string}`, Attribute>>;
}

export interface Change {
  readonly update: string;
  readonly condition?: string;
  readonly values?: Readonly<Record<`:${string}`, Attribute>>;
  readonly old?: true;
}

export interface Query {
  readonly pk: string;
  /** Sort keys from this to that, both inclusive. */
  readonly from?: string;
  readonly to?: string;
  readonly newestFirst?: true;
  /** Items that are looked at. */
  readonly limit?: number;
  readonly filter?: Condition;
}

export interface QueryPage {
  readonly items: readonly Item[];
  /** The last sort key that was looked at; absent at the end. */
  readonly reached?: string;
}

export interface TableOptions {
  readonly name: string;
  readonly client: () => Promise<DynamoDBClient>;
}

/** What one BatchWriteItem and one BatchGetItem take. */
const WRITES = 25;
const READS = 100;
/** Calls at a time. */
const AT_ONCE = 16;
const BATCH_TRIES = 8;
/** Below and above every sort key there is. */
const FIRST = '\u0001';
const LAST = '\u{10ffff}';

export function createTable({ name, client }: TableOptions): Table {
  // Loaded with the client, never before it.
  const sdk = () => import('./sdk/dynamo.ts');

  async function send<Result>(run: (parts: Parts) => Promise<Result>): Promise<Result> {
    const [dynamo, module] = await Promise.all([client(), sdk()]);
    return run({ dynamo, module });
  }

  async function ask(query: Query, more: { readonly Select?: 'COUNT' } = {}) {
    const { pk, from = FIRST, to = LAST, newestFirst, limit, filter } = query;
    const key: Condition = {
      expression: '#pk = :pk AND #sk BETWEEN :from AND :to',
      values: { ':pk': pk, ':from': from, ':to': to },
    };
    const { names, values } = toParameters([key.expression, filter?.expression], { ...key.values, ...filter?.values });
    return send(({ dynamo, module }) =>
      dynamo.send(
        new module.QueryCommand({
          TableName: name,
          ConsistentRead: true,
          KeyConditionExpression: key.expression,
          ...(filter && { FilterExpression: filter.expression }),
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: values,
          ScanIndexForward: newestFirst !== true,
          ...(limit === undefined ? {} : { Limit: limit }),
          ...more,
        }),
      ),
    );
  }

  async function writeBatch(requests: WriteRequest[]): Promise<void> {
    let left = requests;
    for (let attempt = 0; left.length > 0; attempt += 1) {
      if (attempt === BATCH_TRIES) throw new TulleError('unavailable', 'The table takes no more writes now.');
      if (attempt > 0) await pause(attempt);
      const { UnprocessedItems = {} } = await send(({ dynamo, module }) =>
        dynamo.send(new module.BatchWriteItemCommand({ RequestItems: { [name]: left } })),
      );
      left = UnprocessedItems[name] ?? [];
    }
  }

  async function readBatch(keys: readonly Key[]): Promise<Item[]> {
    const items: Item[] = [];
    let left = keys.map(toAttributes);
    for (let attempt = 0; left.length > 0; attempt += 1) {
      if (attempt === BATCH_TRIES) throw new TulleError('unavailable', 'The table cannot be read now.');
      if (attempt > 0) await pause(attempt);
      const { Responses = {}, UnprocessedKeys = {} } = await send(({ dynamo, module }) =>
        dynamo.send(new module.BatchGetItemCommand({ RequestItems: { [name]: { Keys: left, ConsistentRead: true } } })),
      );
      items.push(...(Responses[name] ?? []).map(fromAttributes));
      const next = UnprocessedKeys[name]?.Keys ?? [];
      // Large items come a part at a time: that is progress, not refusal.
      if (next.length < left.length) attempt = 0;
      left = next;
    }
    return items;
  }

  return {
    async get({ pk, sk }) {
      const { Item: item } = await send(({ dynamo, module }) =>
        dynamo.send(
          new module.GetItemCommand({ TableName: name, Key: toAttributes({ pk, sk }), ConsistentRead: true }),
        ),
      );
      return item === undefined ? undefined : fromAttributes(item);
    },
    async getMany(keys) {
      const unique = new Map(keys.map((key) => [`${key.pk}\n${key.sk}`, key]));
      const found = (await inSteps(chunk([...unique.values()], READS), readBatch)).flat();
      return new Map(found.map((item) => [`${item.pk}\n${item.sk}`, item]));
    },
    async put(item, condition) {
      return held(
        send(({ dynamo, module }) =>
          dynamo.send(
            new module.PutItemCommand({ TableName: name, Item: toAttributes(item), ...toCondition(condition) }),
          ),
        ),
      );
    },
    async update({ pk, sk }, { update, condition, values: given = {}, old }) {
      const { names, values } = toParameters([update, condition], given);
      try {
        const { Attributes = {} } = await send(({ dynamo, module }) =>
          dynamo.send(
            new module.UpdateItemCommand({
              TableName: name,
              Key: toAttributes({ pk, sk }),
              UpdateExpression: update,
              ...(condition === undefined ? {} : { ConditionExpression: condition }),
              ExpressionAttributeNames: names,
              ...(values && { ExpressionAttributeValues: values }),
              ReturnValues: old === true ? 'ALL_OLD' : 'ALL_NEW',
            }),
          ),
        );
        return { ...fromAttributes(Attributes), pk, sk };
      } catch (error) {
        if (isRefusal(error)) return undefined;
        throw error;
      }
    },
    async delete({ pk, sk }, condition) {
      return held(
        send(({ dynamo, module }) =>
          dynamo.send(
            new module.DeleteItemCommand({ TableName: name, Key: toAttributes({ pk, sk }), ...toCondition(condition) }),
          ),
        ),
      );
    },
    async query(query) {
      const { Items = [], LastEvaluatedKey: last } = await ask(query);
      const items = Items.map(fromAttributes);
      return last === undefined ? { items } : { items, reached: fromAttributes(last).sk };
    },
    async count(query) {
      const { Count = 0, LastEvaluatedKey: last } = await ask(query, { Select: 'COUNT' });
      return { count: Count, more: last !== undefined };
    },
    async putMany(items) {
      const requests = items.map((item) => ({ PutRequest: { Item: toAttributes(item) } }));
      await inSteps(chunk(requests, WRITES), writeBatch);
    },
    async deleteMany(keys) {
      const requests = keys.map(({ pk, sk }) => ({ DeleteRequest: { Key: toAttributes({ pk, sk }) } }));
      await inSteps(chunk(requests, WRITES), writeBatch);
    },
  };
}

/** Runs a few at a time, and answers in order. */
export async function inSteps<Value, Result>(
  values: readonly Value[],
  work: (value: Value) => Promise<Result>,
  atOnce = AT_ONCE,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const step of chunk(values, atOnce)) results.push(...(await Promise.all(step.map(work))));
  return results;
}

export function chunk<Value>(values: readonly Value[], size: number): Value[][] {
  const chunks: Value[][] = [];
  for (let start = 0; start < values.length; start += size) chunks.push(values.slice(start, start + size));
  return chunks;
}

interface Parts {
  readonly dynamo: DynamoDBClient;
  readonly module: typeof Sdk;
}

type Attributes = Record<string, AttributeValue>;

function toAttributes(item: object): Attributes {
  return Object.fromEntries(
    Object.entries(item)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, toAttribute(value as Attribute)]),
  );
}

function toAttribute(value: Attribute): AttributeValue {
  if (typeof value === 'number') return { N: String(value) };
  return typeof value === 'string' ? { S: value } : { B: value };
}

function fromAttributes(attributes: Attributes): Item {
  const item: Record<string, Attribute> = {};
  for (const [name, { S: text, N: number, B: bytes }] of Object.entries(attributes)) {
    if (text !== undefined) item[name] = text;
    else if (number !== undefined) item[name] = Number(number);
    else if (bytes !== undefined) item[name] = bytes;
  }
  return { pk: '', sk: '', ...item };
}

function toParameters(
  expressions: readonly (string | undefined)[],
  given: Readonly<Record<string, Attribute>>,
): { names: Record<string, string>; values: Attributes | undefined } {
  const used = expressions.flatMap((expression) => [...(expression ?? '').matchAll(/#(\w+)/g)]);
  return {
    names: Object.fromEntries(used.map(([alias, attribute = '']) => [alias, attribute])),
    values: Object.keys(given).length === 0 ? undefined : toAttributes(given),
  };
}

function toCondition(condition: Condition | undefined): object {
  if (condition === undefined) return {};
  const { names, values } = toParameters([condition.expression], condition.values ?? {});
  return {
    ConditionExpression: condition.expression,
    ExpressionAttributeNames: names,
    ...(values && { ExpressionAttributeValues: values }),
  };
}

async function held(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === 'ConditionalCheckFailedException';
}

function pause(attempt: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 25 * 2 ** attempt * (0.5 + Math.random() / 2)));
}
