import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSockets } from '../../adapters/node/sockets.ts';
import type { TableSinkOptions } from '../../connectors/tables/options.ts';
import { fromObject } from '../../event/create.ts';
import { fromJson } from '../../event/json-format.ts';
import type { AttemptResult, Sink } from '../../mesh/sink.ts';
import { nodeContext } from '../connectors/sinks/context.ts';

/** A database whose tables a sink writes to. */
export interface TableSystem {
  readonly createSink: () => Sink<TableSinkOptions>;
  /** What the secret holds. */
  readonly secret: string;
  /** A new table with these columns; answers its name. */
  readonly createTable: (columns: string) => Promise<string>;
  readonly rowsOf: (table: string, order: string) => Promise<readonly Record<string, unknown>[]>;
  readonly run: (sql: string) => Promise<void>;
}

interface TestEvent {
  readonly id?: string;
  readonly type?: string;
  readonly data: unknown;
}

/** What sinks that write to tables keep beside what every sink keeps. */
export function describeTableSink(name: string, system: TableSystem): void {
  describe(`the sink ${name} and its table`, () => {
    let sink: Sink<TableSinkOptions>;
    beforeEach(() => {
      sink = system.createSink();
    });
    afterEach(async () => {
      await sink.close?.();
    });

    async function send(
      options: Omit<TableSinkOptions, 'secret'>,
      events: readonly TestEvent[],
    ): Promise<readonly AttemptResult[]> {
      const deliveries = events.map(({ id = crypto.randomUUID(), type = 'row.changed', data }) => ({
        event: fromObject({ specversion: '1.0', id, source: '/tables', type, data }),
        id: `msg_${id}`,
        attempt: 1,
      }));
      const sockets = createSockets({ allowPrivateTargets: true });
      const context = nodeContext({ secrets: { get: async () => system.secret }, sockets });
      const results = await sink.deliver(deliveries, { secret: 'database', timeoutSeconds: 20, ...options }, context);
      expect(results).toHaveLength(events.length);
      return results;
    }

    const fine = (results: readonly AttemptResult[]): void => {
      expect(results.filter(({ ok }) => !ok)).toEqual([]);
    };

    it('adds a row for each event where it has no key', async () => {
      const table = await system.createTable('name varchar(20)');
      fine(await send({ table }, [{ data: { name: 'a' } }, { data: { name: 'a' } }]));
      expect(await system.rowsOf(table, 'name')).toEqual([{ name: 'a' }, { name: 'a' }]);
    });

    it('adds an event once where a column takes its id', async () => {
      const table = await system.createTable('event varchar(64) PRIMARY KEY, name varchar(20)');
      const options = { table, idColumn: 'event' };
      fine(
        await send(options, [
          { id: 'e1', data: { name: 'a' } },
          { id: 'e1', data: { name: 'a' } },
        ]),
      );
      fine(
        await send(options, [
          { id: 'e1', data: { name: 'a' } },
          { id: 'e2', data: { name: 'b' } },
        ]),
      );
      expect(await system.rowsOf(table, 'event')).toEqual([
        { event: 'e1', name: 'a' },
        { event: 'e2', name: 'b' },
      ]);
    });

    it('changes the row of a key, the last event of a batch as the last', async () => {
      const table = await system.createTable('a int, b varchar(20), name varchar(20), other int, PRIMARY KEY (a, b)');
      const options = { table, key: ['a', 'b'] };
      fine(await send(options, [{ data: { a: 1, b: 'x', name: 'first', other: 5 } }]));
      fine(
        await send(options, [
          { data: { a: 1, b: 'x', name: 'second' } },
          { data: { a: 1, b: 'y', name: 'new', nowhere: { deep: 1 } } },
          { data: { a: 1, b: 'x', name: 'third' } },
        ]),
      );
      expect(await system.rowsOf(table, 'a, b')).toEqual([
        { a: 1, b: 'x', name: 'third', other: 5 },
        { a: 1, b: 'y', name: 'new', other: null },
      ]);
    });

    it('leaves a row that is newer than the event', async () => {
      const table = await system.createTable('id int PRIMARY KEY, version int, name varchar(20)');
      const options = { table, key: ['id'], version: 'version', delete: "type = 'row.deleted'" };
      fine(await send(options, [{ data: { id: 1, version: 5, name: 'five' } }]));
      fine(await send(options, [{ data: { id: 1, version: 4, name: 'four' } }]));
      fine(await send(options, [{ type: 'row.deleted', data: { id: 1, version: 3 } }]));
      expect(await system.rowsOf(table, 'id')).toEqual([{ id: 1, version: 5, name: 'five' }]);
      fine(
        await send(options, [
          { data: { id: 1, version: 7, name: 'seven' } },
          { data: { id: 1, version: 6, name: 'six' } },
          { data: { id: 2, version: 1, name: 'one' } },
        ]),
      );
      expect(await system.rowsOf(table, 'id')).toEqual([
        { id: 1, version: 7, name: 'seven' },
        { id: 2, version: 1, name: 'one' },
      ]);
      fine(await send(options, [{ type: 'row.deleted', data: { id: 1, version: 7 } }]));
      expect(await system.rowsOf(table, 'id')).toEqual([{ id: 2, version: 1, name: 'one' }]);
    });

    it('deletes where it is told to, in the order of the events', async () => {
      const table = await system.createTable('id int PRIMARY KEY, name varchar(20)');
      const options = { table, key: ['id'], delete: 'data.deleted' };
      fine(
        await send(options, [
          { data: { id: 1, name: 'a' } },
          { data: { id: 2, name: 'b' } },
          { data: { id: 1, deleted: true } },
          { data: { id: 3, deleted: true } },
          { data: { id: 3, name: 'c' } },
        ]),
      );
      expect(await system.rowsOf(table, 'id')).toEqual([
        { id: 2, name: 'b' },
        { id: 3, name: 'c' },
      ]);
    });

    it('takes values from where the columns say', async () => {
      const table = await system.createTable('id bigint PRIMARY KEY, total decimal(30,2), label varchar(50)');
      const columns = { id: 'data.customer.id', total: 'data.total', label: "data.first & ' ' & data.last" };
      const data = JSON.parse('{"customer":{"id":7},"total":12.50,"first":"Zoë","last":"Ünal"}') as unknown;
      fine(await send({ table, key: ['id'], columns }, [{ data }]));
      const [row] = await system.rowsOf(table, 'id');
      expect([String(row?.['id']), String(row?.['total']), row?.['label']]).toEqual(['7', '12.50', 'Zoë Ünal']);
    });

    it('writes all but the rows that are refused', async () => {
      const table = await system.createTable('id int PRIMARY KEY, name varchar(5) NOT NULL');
      const events: TestEvent[] = Array.from({ length: 40 }, (_, id) => ({ data: { id, name: `n${id}` } }));
      events[7] = { data: { id: 7, name: 'much too long' } };
      events[8] = { data: { id: 8, name: null } };
      events[23] = { data: { id: 'x', name: 'x' } };
      events[30] = { data: { name: 'no key' } };
      events[31] = { data: 'no object' };
      const results = await send({ table, key: ['id'] }, events);
      const refused = results.flatMap((result, index) => (result.ok ? [] : [index]));
      expect(refused).toEqual([7, 8, 23, 30, 31]);
      for (const index of refused) expect(results[index]).toMatchObject({ failure: 'response', code: 422 });
      expect(await system.rowsOf(table, 'id')).toHaveLength(35);
    });

    it('waits for the row that a row points to', async () => {
      const parents = await system.createTable('id int PRIMARY KEY');
      const table = await system.createTable(
        `id int PRIMARY KEY, parent int, FOREIGN KEY (parent) REFERENCES ${parents} (id)`,
      );
      const [result] = await send({ table, key: ['id'] }, [{ data: { id: 1, parent: 9 } }]);
      // Retry presets try again after a conflict.
      expect(result).toMatchObject({ ok: false, code: 409 });
      await system.run(`INSERT INTO ${parents} VALUES (9)`);
      fine(await send({ table, key: ['id'] }, [{ data: { id: 1, parent: 9 } }]));
    });

    it('cannot be made to run what names and values hold', async () => {
      const table = await system.createTable('id int PRIMARY KEY, name varchar(200)');
      const evil = `'); DROP TABLE ${table}; -- " \` \\`;
      fine(await send({ table, key: ['id'] }, [{ data: { id: 1, name: evil, [evil]: 1 } }]));
      const [byTable] = await send({ table: 'x"; DROP TABLE y; --`' }, [{ data: { id: 2 } }]);
      const [byColumn] = await send({ table, columns: { [evil]: 'data.id' } }, [{ data: { id: 2 } }]);
      const [byKey] = await send({ table, key: [evil] }, [{ data: { id: 2, [evil]: 1 } }]);
      expect([byTable?.ok, byColumn?.ok, byKey?.ok]).toEqual([false, false, false]);
      expect(await system.rowsOf(table, 'id')).toEqual([{ id: 1, name: evil }]);
    });

    it('says what is wrong with a table that is not there, or has no such key', async () => {
      const [absent] = await send({ table: 'nowhere_at_all' }, [{ data: { id: 1 } }]);
      expect(absent).toMatchObject({ ok: false, reason: expect.stringContaining('nowhere_at_all') });
      const table = await system.createTable('id int, name varchar(5)');
      const [loose] = await send({ table, key: ['id'] }, [{ data: { id: 1, name: 'a' } }]);
      expect(loose).toMatchObject({ ok: false, reason: expect.stringContaining('unique') });
      expect(await system.rowsOf(table, 'id')).toEqual([]);
    });

    it('keeps numbers as they were written', async () => {
      const table = await system.createTable('id bigint PRIMARY KEY, sum decimal(40,20)');
      const json =
        '{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"id":9007199254740993,"sum":12345678901234567890.12345678901234567890}}';
      const sockets = createSockets({ allowPrivateTargets: true });
      const context = nodeContext({ secrets: { get: async () => system.secret }, sockets });
      const delivery = { event: fromJson(json), id: 'msg_1', attempt: 1 };
      fine(await sink.deliver([delivery], { secret: 'database', table, key: ['id'] }, context));
      const [row] = await system.rowsOf(table, 'id');
      expect([String(row?.['id']), String(row?.['sum'])]).toEqual([
        '9007199254740993',
        '12345678901234567890.12345678901234567890',
      ]);
    });
  });
}
