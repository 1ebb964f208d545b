import type { JsonSchema } from '../../functions/schema/schema.ts';

/** What a shop may ask of an order. */
export const orderSchema: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['orderId', 'customer', 'items', 'total', 'currency'],
  additionalProperties: false,
  properties: {
    orderId: { type: 'string', minLength: 1, maxLength: 64 },
    placedAt: { type: 'string' },
    currency: { enum: ['EUR', 'USD', 'GBP', 'CHF'] },
    total: { type: 'number', minimum: 0 },
    note: { type: ['string', 'null'] },
    customer: {
      type: 'object',
      required: ['id', 'name', 'email'],
      properties: {
        id: { type: 'integer' },
        name: { type: 'string', minLength: 1 },
        email: { type: 'string', maxLength: 254 },
        address: { $ref: '#/$defs/address' },
      },
    },
    items: { type: 'array', minItems: 1, maxItems: 100, items: { $ref: '#/$defs/item' } },
  },
  $defs: {
    address: {
      type: 'object',
      required: ['street', 'city', 'country'],
      properties: {
        street: { type: 'string' },
        city: { type: 'string' },
        zip: { type: 'string' },
        country: { type: 'string', minLength: 2, maxLength: 2 },
      },
    },
    item: {
      type: 'object',
      required: ['sku', 'quantity', 'price'],
      properties: {
        sku: { type: 'string', pattern: '^[A-Z]{3}-[0-9]{4}$' },
        quantity: { type: 'integer', minimum: 1, maximum: 999 },
        price: { type: 'number', exclusiveMinimum: 0 },
        tags: { type: 'array', items: { type: 'string' }, uniqueItems: true },
      },
      additionalProperties: false,
    },
  },
};

export const order = {
  orderId: 'o-1001',
  placedAt: '2026-11-21T10:00:00Z',
  currency: 'EUR',
  total: 129.7,
  note: null,
  customer: {
    id: 4711,
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    address: { street: 'Rue 1', city: 'Paris', zip: '75001', country: 'FR' },
  },
  items: [
    { sku: 'ABC-1234', quantity: 1, price: 99.9, tags: ['a', 'b'] },
    { sku: 'DEF-5678', quantity: 2, price: 9.9 },
    { sku: 'GHI-9012', quantity: 1, price: 10, tags: [] },
  ],
};

/** The order with one thing wrong each: a path and what stands there, `undefined` for nothing. */
export const faults: readonly [path: readonly (string | number)[], value: unknown][] = [
  [['orderId'], ''],
  [['orderId'], undefined],
  [['currency'], 'XXX'],
  [['total'], -1],
  [['note'], 1],
  [['extra'], 1],
  [['customer', 'id'], 1.5],
  [['customer', 'address', 'country'], 'FRA'],
  [['items'], []],
  [['items', 0, 'sku'], 'abc-1234'],
  [['items', 1, 'quantity'], 0],
  [['items', 2, 'price'], 0],
  [
    ['items', 0, 'tags'],
    ['a', 'a'],
  ],
];

export function faulty([path, value]: (typeof faults)[number]): unknown {
  const copy = structuredClone(order) as unknown;
  let target = copy as Record<string | number, unknown>;
  for (const segment of path.slice(0, -1)) target = target[segment] as typeof target;
  const last = path.at(-1) ?? '';
  if (value === undefined) delete target[last];
  else target[last] = value;
  return copy;
}

/** The same by hand: the least that any validator must do. */
export function isOrder(value: unknown): boolean {
  const known = new Set(['orderId', 'placedAt', 'currency', 'total', 'note', 'customer', 'items']);
  if (!isRecord(value) || Object.keys(value).some((name) => !known.has(name))) return false;
  const { orderId, placedAt, currency, total, note, customer, items } = value;
  if (typeof orderId !== 'string' || orderId.length < 1 || orderId.length > 64) return false;
  if (placedAt !== undefined && typeof placedAt !== 'string') return false;
  if (currency !== 'EUR' && currency !== 'USD' && currency !== 'GBP' && currency !== 'CHF') return false;
  if (typeof total !== 'number' || total < 0) return false;
  if (note !== undefined && note !== null && typeof note !== 'string') return false;
  if (!isRecord(customer) || !Number.isInteger(customer['id'])) return false;
  const { name, email, address } = customer;
  if (typeof name !== 'string' || name === '' || typeof email !== 'string' || email.length > 254) return false;
  if (address !== undefined) {
    if (!isRecord(address) || typeof address['street'] !== 'string' || typeof address['city'] !== 'string')
      return false;
    if (address['zip'] !== undefined && typeof address['zip'] !== 'string') return false;
    if (typeof address['country'] !== 'string' || address['country'].length !== 2) return false;
  }
  return Array.isArray(items) && items.length >= 1 && items.length <= 100 && items.every(isItem);
}

const itemNames = new Set(['sku', 'quantity', 'price', 'tags']);

function isItem(item: unknown): boolean {
  if (!isRecord(item) || Object.keys(item).some((name) => !itemNames.has(name))) return false;
  const { sku, quantity, price, tags } = item;
  if (typeof sku !== 'string' || !/^[A-Z]{3}-[0-9]{4}$/u.test(sku)) return false;
  if (!Number.isInteger(quantity) || (quantity as number) < 1 || (quantity as number) > 999) return false;
  if (typeof price !== 'number' || price <= 0) return false;
  if (tags === undefined) return true;
  return Array.isArray(tags) && tags.every((tag) => typeof tag === 'string') && new Set(tags).size === tags.length;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
