export { Dispatcher } from './dispatcher.ts';
export { Log } from './log.ts';
export default { fetch: () => new Response('x') };
