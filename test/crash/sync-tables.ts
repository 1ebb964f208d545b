import type { Client } from 'pg';

/** Rows that say themselves when they changed, and whether they are gone. */
export const usersTables = `
  CREATE SEQUENCE changes;
  CREATE TABLE customers (id int PRIMARY KEY, country text, phone text, balance numeric, deleted boolean NOT NULL DEFAULT false,
    changed bigint NOT NULL DEFAULT nextval('changes'));
  CREATE INDEX ON customers (changed, id)`;

/** Rows of which an outbox tells, written in the same transaction. */
export const shopTables = `
  CREATE TABLE orders (id int PRIMARY KEY, total numeric, note text);
  CREATE TABLE outbox (number bigserial PRIMARY KEY, kind text NOT NULL, "order" int NOT NULL, total numeric, note text)`;

export const financeTables = `
  CREATE TABLE customers (id int PRIMARY KEY, phone text, balance numeric, deleted boolean, changed bigint);
  CREATE TABLE orders (id int PRIMARY KEY, total numeric, note text)`;

/** One random change. */
export async function changeUser(users: Client): Promise<void> {
  const id = random(1_000);
  const country = id % 10 === 0 ? 'test' : 'de';
  if (random(5) === 0) {
    await users.query(`UPDATE customers SET deleted = true, changed = nextval('changes') WHERE id = $1`, [id]);
    return;
  }
  await users.query(
    `INSERT INTO customers (id, country, phone, balance) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE
     SET phone = EXCLUDED.phone, balance = EXCLUDED.balance, deleted = false, changed = nextval('changes')`,
    [id, country, `+49 ${1_000_000 + random(9_000_000)}`, `${random(1e6)}.${random(100)}`],
  );
}

/** One random change, or one that is taken back. */
export async function changeOrder(shop: Client): Promise<void> {
  const id = random(1_000);
  const total = `${random(1e6)}.${random(100)}`;
  const note = `Ünïcode 😀 ${random(1e9)}`;
  await shop.query('BEGIN');
  if (random(4) === 0) {
    const { rowCount } = await shop.query('DELETE FROM orders WHERE id = $1', [id]);
    if (rowCount === 1) await shop.query(`INSERT INTO outbox (kind, "order") VALUES ('delete', $1)`, [id]);
  } else {
    await shop.query('INSERT INTO orders VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET total = $2, note = $3', [
      id,
      total,
      note,
    ]);
    await shop.query(`INSERT INTO outbox (kind, "order", total, note) VALUES ('write', $1, $2, $3)`, [id, total, note]);
  }
  await shop.query(random(20) === 0 ? 'ROLLBACK' : 'COMMIT');
}

/** A line for each row. */
async function linesOf(database: Client, sql: string): Promise<string[]> {
  const { rows } = await database.query<{ line: string }>(`SELECT concat_ws('|', ${sql}`);
  return rows.map(({ line }) => line);
}

// A step that parses the event writes 1.50 as 1.5.
export function expectedUsers(users: Client): Promise<string[]> {
  return linesOf(
    users,
    `id, repeat('*', length(phone) - 4) || right(phone, 4), trim_scale(balance), deleted, changed) AS line
     FROM customers WHERE country <> 'test' ORDER BY id`,
  );
}

export function foundUsers(finance: Client): Promise<string[]> {
  return linesOf(finance, 'id, phone, trim_scale(balance), deleted, changed) AS line FROM customers ORDER BY id');
}

/** The same on both sides. */
export function readOrders(shop: Client): Promise<string[]> {
  return linesOf(shop, 'id, total, note) AS line FROM orders ORDER BY id');
}

function random(below: number): number {
  return Math.floor(Math.random() * below);
}
