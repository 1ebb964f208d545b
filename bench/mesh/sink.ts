/**
 * The target in the same process. It takes every byte of the CloudEvents batches that it is handed; what a target does
 * with events is not the mesh's cost, so under load it counts them by their size, which is known and the same for all.
 */
let events = 0;
let eventBytes = 0;
let ids = new Set<string>();

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/count') return Response.json({ events, distinct: ids.size });
    if (pathname === '/reset') {
      events = 0;
      ids = new Set();
      eventBytes = Number(searchParams.get('eventBytes') ?? 0);
      return new Response(null, { status: 204 });
    }
    const bytes = await request.arrayBuffer();
    if (eventBytes > 0) {
      // `[` and `]`, and a comma between two events.
      const count = (bytes.byteLength - 1) / (eventBytes + 1);
      if (!Number.isInteger(count)) return new Response('these are not whole events', { status: 400 });
      events += count;
    } else {
      const batch = JSON.parse(new TextDecoder().decode(bytes)) as { id: string }[];
      events += batch.length;
      for (const { id } of batch) ids.add(id);
    }
    return new Response(null, { status: 204 });
  },
};
