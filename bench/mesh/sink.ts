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
    const text = await request.text();
    requests++;
    // What a target does with events is not the mesh's cost: they are only counted, and parsed for the proof.
    if (remember) for (const { id } of JSON.parse(text) as { id: string }[]) ids.add(id);
    for (let at = text.indexOf('"specversion"'); at >= 0; at = text.indexOf('"specversion"', at + 1)) events++;
    return new Response(null, { status: 204 });
  },
};
