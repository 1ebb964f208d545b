import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * The target. It takes every byte, and counts. While events are proven their ids are kept; while latency is measured
 * it subtracts the time in the id (`t<nanoseconds>-<number>`, the machine's monotonic clock) from its own. At `/hang` it
 * takes everything and never answers.
 */
let events = 0;
let hung = 0;
let ids = new Set<string>();
let latencies: number[] = [];
let mode: 'count' | 'prove' | 'latency' = 'count';

const server = createServer((request, response) => {
  if (request.url === '/count') {
    response.end(JSON.stringify({ events, distinct: ids.size, hung }));
    return;
  }
  if (request.url === '/latencies') {
    response.end(JSON.stringify(latencies));
    return;
  }
  if (request.url?.startsWith('/reset') === true) {
    events = 0;
    ids = new Set();
    latencies = [];
    mode = new URL(request.url, 'http://sink').searchParams.get('mode') as typeof mode;
    response.end();
    return;
  }
  if (request.url === '/hang') {
    hung += 1;
    request.resume();
    return;
  }
  const id = request.headers['ce-id'];
  let text = '';
  if (mode !== 'count' && id === undefined) request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  else request.resume();
  request.on('end', () => {
    events += 1;
    if (mode !== 'count') note(typeof id === 'string' ? id : (/"id":"([^"]+)"/.exec(text)?.[1] ?? ''));
    response.writeHead(204).end();
  });
});

function note(id: string): void {
  if (mode === 'prove') ids.add(id);
  const [, sent] = /^t(\d+)-/.exec(id) ?? [];
  if (sent !== undefined) latencies.push(Number(process.hrtime.bigint() - BigInt(sent)) / 1e6);
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
