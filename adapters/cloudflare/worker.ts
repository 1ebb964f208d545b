import { functions } from '../../functions/registered.ts';
import { createWorker } from './create-worker.ts';

export { Log } from './log.ts';

const { worker, Dispatcher } = createWorker({ functions });

export { Dispatcher };
export default worker;
