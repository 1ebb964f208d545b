import { toMesh } from './mesh.ts';

export { Dispatcher } from './dispatcher.ts';
export { Log } from './log.ts';

export default {
  fetch: (request, env) => toMesh(env).fetch(request),
  scheduled: (_controller, env) => toMesh(env).tick(),
} satisfies ExportedHandler<Env>;
