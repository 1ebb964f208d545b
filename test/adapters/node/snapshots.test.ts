import { createSqlSnapshots } from '../../../adapters/node/snapshots.ts';
import { createNodeSql } from '../../../adapters/node/sql.ts';
import { describeSnapshots } from '../../conformance/snapshots.ts';

describeSnapshots('Node SQLite', async () => createSqlSnapshots(createNodeSql(':memory:')));
