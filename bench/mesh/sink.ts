/** The target in the same process: counts the events of CloudEvents batches that it is handed. */
let events = 0;
let requests = 0;
let ids = new Set<string>();
let remember = false;

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === '/count') return Response.json({ events, requests, distinct: ids.size });
    if (pathname === '/reset') {
      events = 0;
      requests = 0;
      ids = new Set();
      remember = request.url.includes('remember');
      return new Response(null, { status: 204 });
    }
    const batch = (await request.json()) as { id: string }[];
    requests++;
    events += batch.length;
    if (remember) for (const { id } of batch) ids.add(id);
    return new Response(null, { status: 204 });
  },
};
