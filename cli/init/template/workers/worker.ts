import { createWorker } from 'tulle/cloudflare';
import { functions } from './functions/registered.ts';

const { worker, Dispatcher } = createWorker({ functions });

export { Log } from 'tulle/cloudflare';
export { Dispatcher };
export default worker;
