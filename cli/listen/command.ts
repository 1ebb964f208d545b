import { signMessage } from '../../client/signature.ts';
import { exitCodes, usageError } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { readFilter, tailOptions } from '../events/filter.ts';
import { type Columns, timeText } from '../terminal/output.ts';
import { readCount } from '../terminal/time.ts';
import { type Forwarded, forward } from './forward.ts';

export const listen = defineCommand({
  name: 'listen',
  summary: 'Forward the events of an installation to a port of this machine, until Ctrl+C',
  details:
    'Each event is sent as it came in, before any step, as a CloudEvent in binary mode; with $TULLE_SIGNING_SECRET signed by Standard Webhooks. It asks the installation once a second for what the bus keeps, so events come about a second late, nothing is made there and nothing has to be cleaned up. One after the other, each once: what this machine refuses is shown and not tried again.',
  words: ['PORT'],
  ofBus: true,
  options: {
    path: { type: 'string', value: 'PATH', description: 'where on this machine (default /)' },
    ...tailOptions,
    timeout: { type: 'string', value: 'SECONDS', description: 'how long to wait for an answer (default 15)' },
    limit: { type: 'string', value: 'N', description: 'end after so many' },
  },
  examples: [
    'tulle listen 3000 --bus orders',
    'tulle listen 3000 --path /hooks/orders --rule paid-orders',
    `tulle listen 8080 --filter '{ "pattern": { "data": { "total": [{ "numeric": [">", 100] }] } } }' --json`,
  ],
  async run({ words: [port = ''], values: { path = '/', timeout, limit, ...values }, session, output }) {
    const to = toAddress(port, path);
    const most = readCount('limit', limit, { absent: Number.MAX_SAFE_INTEGER });
    const timeoutMs = readCount('timeout', timeout, { absent: 15, most: 300 }) * 1_000;
    const secret = process.env['TULLE_SIGNING_SECRET'] ?? '';
    const sign =
      secret === '' ? undefined : (body: string | Uint8Array, id: string) => signMessage(body, { id, secret });
    const stop = new AbortController();
    const interrupt = (): void => stop.abort();
    process.once('SIGINT', interrupt);
    process.once('SIGTERM', interrupt);
    const events = session
      .client({ exact: true })
      .bus(session.bus)
      .tail({
        ...readFilter(values, output.note),
        data: true,
        signal: stop.signal,
        onReady: () => output.note(`Forwarding events of the bus ${session.bus} to ${to}. Ctrl+C ends it.`),
      });
    let [forwarded, failed] = [0, 0];
    for await (const event of events) {
      const done = await forward(event, { to, timeoutMs, sign });
      output.item(done, columns);
      forwarded += 1;
      if (!done.ok) failed += 1;
      if (forwarded >= most || stop.signal.aborted) break;
    }
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    output.note(`${forwarded} events forwarded, ${failed} of them not taken.`);
    return stop.signal.aborted ? exitCodes.interrupted : exitCodes.done;
  },
});

const columns: Columns<Forwarded> = {
  at: ({ at }) => timeText(at).slice(11, 23),
  type: ({ type }) => type,
  id: ({ id }) => id,
  answer: ({ status, reason }) => `→ ${status ?? reason}`,
  took: ({ latencyMs }) => `${latencyMs} ms`,
};

function toAddress(port: string, path: string): string {
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > 65_535) throw usageError(`${port} is no port.`, 'Give a number from 1 to 65535.');
  if (!path.startsWith('/')) throw usageError('--path begins with /.', 'Such as --path /hooks.');
  return `http://localhost:${number}${path}`;
}
