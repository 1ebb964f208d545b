/**
 * What reading an event costs, beside the least that any implementation must do: JSON.parse of the same text.
 *
 *     npx node bench/event.ts [--json]
 */
import { strict as assert } from 'node:assert';
import { toObject } from '../event/create.ts';
import { fromBinary, toBinary } from '../event/http-binary.ts';
import { batchFromJson, fromJson, readEvent } from '../event/json-format.ts';
import { newScan, scanJson } from '../event/json-scan.ts';

const rounds = 61;
const eventsPerRound = 2_000;

const texts = Array.from({ length: 100 }, (_, index) => flat(JSON.stringify(sampleEvent(index))));
const batch = flat(`[${texts.join(',')}]`);
const events = texts.map((text) => fromJson(text));
const bodies = events.map((event) => {
  const { headers, body } = toBinary(event);
  return { headers: new Headers(headers), body: new TextEncoder().encode(String(body)) };
});
const scan = newScan();

/** Each reads the same 100 events. */
const contenders: Record<string, () => unknown> = {
  'JSON.parse (floor)': () => texts.forEach((text) => JSON.parse(text) as unknown),
  scanJson: () => texts.forEach((text) => scanJson(text, 0, scan)),
  fromJson: () => texts.forEach((text) => fromJson(text)),
  'JSON.parse, batch of 100 (floor)': () => JSON.parse(batch) as unknown,
  'batchFromJson, batch of 100': () => batchFromJson(batch),
  fromBinary: () => bodies.forEach(({ headers, body }) => fromBinary(headers, body)),
  readEvent: () => events.forEach((event) => readEvent(event.json, event.data)),
  toBinary: () => events.forEach((event) => toBinary(event)),
};

proveCorrect();
report(measure());

function measure(): Map<string, number> {
  const samples = new Map(Object.keys(contenders).map((name) => [name, [] as number[]]));
  // Interleaved, so that a busy machine slows all of them alike; the first rounds warm up.
  for (let round = -10; round < rounds; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      const start = process.hrtime.bigint();
      for (let i = 0; i < eventsPerRound / texts.length; i++) run();
      if (round >= 0) samples.get(name)!.push(Number(process.hrtime.bigint() - start) / eventsPerRound);
    }
  }
  return new Map([...samples].map(([name, values]) => [name, median(values)]));
}

function report(medians: Map<string, number>): void {
  const floor = medians.get('JSON.parse (floor)')!;
  const rows = [...medians].map(([name, nanoseconds]) => ({
    name,
    nanosecondsPerEvent: Math.round(nanoseconds),
    toFloor: Number((nanoseconds / floor).toFixed(2)),
  }));
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ bench: 'event', bytesPerEvent: texts[0]!.length, node: process.version, rows }));
    return;
  }
  console.log(`Events of ${texts[0]!.length} bytes, medians of ${rounds} rounds, Node ${process.version}`);
  for (const { name, nanosecondsPerEvent, toFloor } of rows) {
    console.log(
      `${name.padEnd(34)} ${String(nanosecondsPerEvent).padStart(6)} ns an event   ${toFloor.toFixed(2)} × floor`,
    );
  }
}

function proveCorrect(): void {
  for (const [index, text] of texts.entries()) {
    const sample = sampleEvent(index);
    const event = events[index]!;
    assert.equal(event.json, text);
    assert.deepEqual({ ...toObject(event) }, sample);
    assert.deepEqual(readEvent(event.json, event.data).attributes, event.attributes);
    assert.deepEqual({ ...toObject(fromBinary(bodies[index]!.headers, bodies[index]!.body)) }, sample);
  }
  assert.deepEqual(batchFromJson(batch), events);
}

function sampleEvent(index: number): Record<string, unknown> {
  return {
    specversion: '1.0',
    id: `4f1f2c4e-0d6f-4d0e-9a3b-${String(index).padStart(12, '0')}`,
    source: '/services/user-center',
    type: 'com.example.user.updated',
    subject: `user/${index}`,
    time: '2026-11-21T10:20:30.123Z',
    datacontenttype: 'application/json',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    data: {
      userId: index,
      name: 'Ada Lovelace',
      email: `ada${index}@example.com`,
      phone: '+44 20 7946 0958',
      country: 'GB',
      tags: ['a', 'b', 'vip'],
      address: { street: '12 St James Square', city: 'London', zip: 'SW1Y 4JH' },
      amount: 120.5,
      active: true,
      items: [
        { sku: 'A-1', qty: 2, price: 9.99 },
        { sku: 'B-2', qty: 1, price: 101.5 },
      ],
      note: 'Please deliver between 9 and 17 o clock, ring twice',
    },
  };
}

/** As a body arrives: in one piece, not as V8's rope of the parts it was joined from. */
function flat(text: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(text));
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}
