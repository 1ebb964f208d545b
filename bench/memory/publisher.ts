import { createEvent } from '../delivery/event.ts';
import { createPublisher, delivered } from '../delivery/load.ts';

/** Publishes events in batches of 100, and never gets further ahead of the target than `lead`. */
const [url = '', sink = '', total = '0'] = process.argv.slice(2);
const lead = 20_000;
const requestsAtATime = 50;

const publisher = createPublisher(url, 8);
for (let sent = 0; sent < Number(total);) {
  const bodies = Array.from({ length: requestsAtATime }, (_, request) => {
    const events = Array.from({ length: 100 }, (_, index) => createEvent(`e${sent}-${request}-${index}`));
    return `[${events.join(',')}]`;
  });
  await publisher.all(bodies);
  sent += requestsAtATime * 100;
  await delivered(sink, Math.max(0, sent - lead));
  process.send?.(sent);
}
await delivered(sink, Number(total));
await publisher.close();
process.disconnect();
