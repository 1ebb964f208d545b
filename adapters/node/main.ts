import { functions } from '../../functions/registered.ts';
import { run } from './run.ts';

await run({ functions });
