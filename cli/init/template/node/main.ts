import { run } from 'tulle/node';
import { functions } from './functions/registered.ts';

await run({ functions });
