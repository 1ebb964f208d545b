import { CloudEvent } from 'cloudevents';
import { describe, expect, it } from 'vitest';
import { TulleError } from '../../../event/error.ts';
import { defineFunction, type FunctionEvent } from '../../../functions/compute/define-function.ts';
import { retryLater } from '../../../functions/compute/retry-later.ts';
import { createBench, failureOf, functionOf, toEvent } from './host.ts';

const { run } = createBench();

describe('what a function answers', () => {
  it('is one event, several, or none', async () => {
    const event = { data: { speed: 50 } };
    expect(
      await run(
        functionOf((input) => input),
        event,
      ),
    ).toEqual([JSON.parse(toEvent(event).json)]);
    expect(
      await run(
        functionOf(() => null),
        event,
      ),
    ).toEqual([]);
    expect(
      await run(
        functionOf(() => []),
        event,
      ),
    ).toEqual([]);
    const two = functionOf(() => [{ type: 'a' }, { type: 'b' }]);
    expect(await run(two, event)).toMatchObject([{ type: 'a' }, { type: 'b' }]);
  });

  it('takes what it lacks of the required attributes from the input, and no more', async () => {
    const [answer] = await run(
      functionOf(() => ({ data: 1 })),
      { subject: 'car-7', region: 'eu' },
    );
    expect(answer).toEqual({ specversion: '1.0', id: 'e1', source: '/cars', type: 'car.moved', data: 1 });
  });

  it('is numbered where several would have the name of the input', async () => {
    const answers = functionOf((event: FunctionEvent) => [{}, { ...event }, { id: 'own' }, { id: 'e1', source: '/x' }]);
    const ids = (await run(answers, {})).map((event) => (event as { id: string }).id);
    expect(ids).toEqual(['e1-1', 'e1-2', 'own', 'e1']);
  });

  it('may be what the cloudevents package makes', async () => {
    const time = '2026-11-21T10:20:30.123456Z';
    const answers = functionOf((event: FunctionEvent) => {
      const input = new CloudEvent(event as unknown as Partial<CloudEvent<unknown>>);
      return [
        new CloudEvent({ id: '1', type: 't', source: '/s', time, subject: 'x', ext: 'y', data: { a: [1] } }),
        input.cloneWith({ type: 'car.seen' }),
        new CloudEvent({ id: '2', type: 't', source: '/s', time, data: new Uint8Array([1, 2, 255]) }),
      ];
    });
    const base = { specversion: '1.0', time };
    expect(await run(answers, { time, data: { speed: 50 } })).toEqual([
      { ...base, id: '1', type: 't', source: '/s', subject: 'x', ext: 'y', data: { a: [1] } },
      { ...base, id: 'e1-2', type: 'car.seen', source: '/cars', data: { speed: 50 } },
      { ...base, id: '2', type: 't', source: '/s', data_base64: 'AQL/' },
    ]);
  });

  it('may be bytes, dates and members that are undefined', async () => {
    const bytes = functionOf(() => ({ data: new Uint8Array([104, 105]), subject: undefined }));
    expect(await run(bytes, {})).toMatchObject([{ data_base64: 'aGk=' }]);
    const date = functionOf(() => ({ data: { at: new Date(0), gone: undefined, list: [undefined, 1] } }));
    expect(await run(date, {})).toMatchObject([{ data: { at: '1970-01-01T00:00:00.000Z', list: [null, 1] } }]);
  });

  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  it.each<[string, unknown, string]>([
    ['nothing', undefined, ''],
    ['a string', 'x', ''],
    ['null among several', [{}, null], '/1'],
    ['NaN', { data: { speed: Number.NaN } }, '/data/speed'],
    ['infinity', { data: [1, -Infinity] }, '/data/1'],
    ['a function', { data: { f: () => 1 } }, '/data/f'],
    ['a BigInt', { data: { n: 1n } }, '/data/n'],
    ['a symbol', { data: Symbol('x') }, '/data'],
    ['bytes inside of the data', { data: { raw: new Uint8Array(1) } }, '/data/raw'],
    ['__proto__', { data: JSON.parse('{"__proto__":{"a":1}}') as unknown }, '/data/__proto__'],
    ['data twice', { data: 1, data_base64: 'AA==' }, '/data_base64'],
    ['an invalid attribute', [{}, { time: 'yesterday' }], '/1/time'],
    ['an attribute of a wrong name', { 'Not-Allowed': 1 }, '/Not-Allowed'],
    ['an id that is a number', { id: 7 }, '/id'],
  ])('is refused where it is %s', async (_name, answer, place) => {
    const error = await failureOf(
      run(
        functionOf(() => answer as never),
        {},
      ),
    );
    expect([error.code, error.place ?? '']).toEqual(['step_failed', place]);
    expect(error.message).toMatch(/^The function worker: it/);
    expect(error.mend).toBeDefined();
  });

  it('is refused where it goes in circles or too deep', async () => {
    const error = await failureOf(
      run(
        functionOf(() => ({ data: cyclic })),
        {},
      ),
    );
    expect(error.message).toContain('has more than 64 levels');
  });

  it('is bounded in number and size', async () => {
    const many = functionOf(() => Array.from({ length: 1_001 }, () => ({})));
    expect((await failureOf(run(many, {}))).message).toContain('more than 1000 events');
    const endless = functionOf(() => Object.assign([], { length: 4_294_967_295 }));
    expect((await failureOf(run(endless, {}))).message).toContain('more than 1000 events');
    const large = functionOf(() => ({ data: 'x'.repeat(1_048_576) }));
    expect((await failureOf(run(large, {}))).message).toContain('1048576 bytes');
    const together = functionOf(() => Array.from({ length: 5 }, () => ({ data: 'x'.repeat(1_000_000) })));
    expect((await failureOf(run(together, {}))).message).toContain('together');
  });
});

describe('what a function is given', () => {
  it('is its own: changing it changes nothing for others', async () => {
    const event = toEvent({ data: { list: [1] } });
    const before = event.json;
    const changes = functionOf((input: FunctionEvent<{ list: number[] }>) => {
      input.data.list.push(2);
      input.type = 'changed';
      return input;
    });
    expect(await run(changes, { data: { list: [1] } })).toMatchObject([{ type: 'changed', data: { list: [1, 2] } }]);
    expect(event.json).toBe(before);
  });

  it('is the time and the chance of the event, not of the attempt', async () => {
    const answers = functionOf((_event, { now, random }) => ({ data: [now, random()] }));
    expect(await run(answers, {})).toMatchObject([{ data: [Date.UTC(2026, 10, 21, 12), 0.25] }]);
  });

  it('fits its schema, or the function is not called', async () => {
    let calls = 0;
    const typed = defineFunction({
      name: 'typed',
      schema: {
        type: 'object',
        required: ['speed', 'unit'],
        properties: { speed: { type: 'number', minimum: 0 }, unit: { enum: ['km/h', 'mph'] } },
      },
      handler({ data: { speed, unit } }) {
        calls += 1;
        // Typed by the schema: this would not compile if `speed` were anything else than a number.
        const metric: number = unit === 'mph' ? speed * 1.609344 : speed;
        return { data: metric };
      },
    });
    expect(await run(typed, { data: { speed: 100, unit: 'km/h' } })).toMatchObject([{ data: 100 }]);
    expect(calls).toBe(1);
    for (const [data, place] of [
      [{ speed: 'fast-secret', unit: 'km/h' }, '/data/speed'],
      [{ speed: -4711, unit: 'km/h' }, '/data/speed'],
      [{ unit: 'km/h' }, '/data/speed'],
      ['text', '/data'],
      [undefined, '/data'],
    ] as const) {
      const error = await failureOf(run(typed, { data }));
      expect([error.code, error.place]).toEqual(['step_failed', place]);
      expect(error.message).toContain('The function typed: the event does not fit its schema: ');
      expect(error.message).not.toMatch(/fast-secret|4711/);
    }
    const several = await failureOf(run(typed, { data: { speed: -1, unit: 'x' } }));
    expect(several.message).toContain('/data/speed: speed must be at least 0.');
    expect(several.message).toContain('/data/unit');
    expect((await failureOf(run(typed, { data_base64: 'AA==' }))).message).toContain('no JSON data');
    expect(calls).toBe(1);
  });
});

describe('a function that fails', () => {
  it('says its name and its reason, in one bounded line; its stack is in the log', async () => {
    const { run, log } = createBench();
    const fails = functionOf(() => {
      throw new RangeError(`bad\n\u0007speed ${'x'.repeat(2_000)}`);
    });
    const error = await failureOf(run(fails, {}));
    expect(error.code).toBe('step_failed');
    expect(error.message).toMatch(/^The function worker failed: bad speed x+$/);
    expect(error.message.length).toBeLessThan(600);
    expect(log).toMatchObject([{ level: 'error', function: 'worker', event: 'e1', fields: { stack: /RangeError/ } }]);
  });

  it.each<[string, () => unknown]>([
    ['a string', () => 'no reason'],
    ['nothing', () => undefined],
    ['an object', () => ({ message: 'not an error' })],
    ['an error whose message is not well-formed', () => new Error('\ud800')],
    ['an error whose message is an object', () => Object.assign(new Error(), { message: { status: 500 } })],
    ['an error whose stack is a list', () => Object.assign(new Error(), { stack: [] })],
    [
      'an error that fails when it is read',
      () =>
        Object.defineProperty(new Error(), 'message', {
          get() {
            throw new Error('no');
          },
        }),
    ],
  ])('may throw %s', async (_name, thrown) => {
    const fails = functionOf(() => {
      throw thrown();
    });
    expect((await failureOf(run(fails, {}))).code).toBe('step_failed');
  });

  it('is tried again when it says so', async () => {
    const later = functionOf(async () => {
      throw retryLater('the bank is closed', { afterSeconds: 90 });
    });
    expect(await failureOf(run(later, {}))).toMatchObject({
      code: 'function_unavailable',
      message: 'The function worker: the bank is closed',
      retryAfter: 90,
    });
  });

  it('is tried again when it is not done in time, and its signal is aborted', async () => {
    const { run } = createBench({}, 30);
    let aborted = false;
    const slow = functionOf((_event, { signal }) => {
      signal.addEventListener('abort', () => (aborted = true));
      return new Promise(() => undefined);
    });
    expect(await failureOf(run(slow, {}))).toMatchObject({
      code: 'function_unavailable',
      message: 'The function worker: it was not done within 0.03 s',
    });
    expect(aborted).toBe(true);
  });

  it('is told as late when the abort made it throw', async () => {
    const { run } = createBench({}, 30);
    const slow = functionOf(
      (_event, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
    );
    expect((await failureOf(run(slow, {}))).code).toBe('function_unavailable');
  });
});

describe('emit', () => {
  it('publishes when the function is done, with an id, a source and one hop more', async () => {
    const { run, published } = createBench();
    const emits = functionOf((event: FunctionEvent, { emit }) => {
      emit({ type: 'car.alarm', data: 1 });
      emit({ type: 'car.alarm', data: 2, source: '/alarms' }, { bus: 'alarms' });
      emit(new CloudEvent({ id: 'own', type: 't', source: '/s', time: '2026-11-21T10:20:30Z' }));
      expect(published).toEqual([]);
      return event;
    });
    expect(await run(emits, {}, { hops: 2 })).toHaveLength(1);
    expect(published.map(({ bus, event }) => [bus, JSON.parse(event.json)])).toEqual([
      [
        undefined,
        { specversion: '1.0', id: 'e1-emitted-1', source: '/cars', type: 'car.alarm', data: 1, tullehops: 3 },
      ],
      [
        'alarms',
        { specversion: '1.0', id: 'e1-emitted-2', source: '/alarms', type: 'car.alarm', data: 2, tullehops: 3 },
      ],
      [
        undefined,
        { specversion: '1.0', id: 'own', source: '/s', type: 't', time: '2026-11-21T10:20:30Z', tullehops: 3 },
      ],
    ]);
  });

  it('publishes nothing when the function fails, or answers what is no event', async () => {
    const { run, published } = createBench();
    const emitsThen = (end: () => never) =>
      functionOf((_event, { emit }) => {
        emit({});
        return end();
      });
    await failureOf(
      run(
        emitsThen(() => {
          throw new Error('no');
        }),
        {},
      ),
    );
    await failureOf(
      run(
        emitsThen(() => 7 as never),
        {},
      ),
    );
    expect(published).toEqual([]);
  });

  it('ends circles after eight hops, with what to do', async () => {
    const { run, published } = createBench();
    const emits = functionOf((_event, { emit }) => {
      emit({});
      return null;
    });
    expect(await run(emits, {}, { hops: 7 })).toEqual([]);
    expect(published).toHaveLength(1);
    const error = await failureOf(run(emits, {}, { hops: 8 }));
    expect(error).toMatchObject({ code: 'step_failed', mend: expect.stringContaining('tullehops') });
    expect(error.message).toContain('goes in circles');
  });

  it('cannot be counted down: neither by what is emitted nor by what is answered', async () => {
    const { run, published } = createBench();
    const cheats = functionOf((_event, { emit }) => {
      emit({ tullehops: 0 });
      return { tullehops: 0 };
    });
    expect(await run(cheats, { tullehops: 5 }, { hops: 5 })).toMatchObject([{ tullehops: 5 }]);
    expect(published[0]?.event.attributes['tullehops']).toBe(6);
  });

  it('refuses what is no event, too much, and what comes when the function is done', async () => {
    const { run, published } = createBench();
    const invalid = functionOf((_event, { emit }) => {
      emit({ type: '' });
      return null;
    });
    expect(await failureOf(run(invalid, {}))).toMatchObject({ code: 'step_failed', place: '/type' });
    const many = functionOf((_event, { emit }) => {
      for (let i = 0; i < 1_001; i += 1) emit({});
      return null;
    });
    expect((await failureOf(run(many, {}))).message).toContain('more than 1000');
    let late = (): void => undefined;
    const keeps = functionOf((_event, { emit }) => {
      late = () => emit({});
      return null;
    });
    await run(keeps, {});
    expect(() => late()).toThrow('after it was done');
    expect(published).toEqual([]);
  });

  it('that the queue does not take makes the event be tried again', async () => {
    const { run } = createBench({
      publish: () => Promise.reject(new TulleError('unavailable', 'the queue is away', { retryAfter: 1 })),
    });
    const emits = functionOf((_event, { emit }) => {
      emit({});
      return null;
    });
    expect(await failureOf(run(emits, {}))).toMatchObject({ code: 'function_unavailable', retryAfter: 1 });
  });
});

describe('the log', () => {
  it('has the function and the event beside the message, and only what the function says', async () => {
    const { run, log } = createBench();
    const logs = functionOf((_event, { log }) => {
      log.info('seen', { speed: 50 });
      log.debug('more');
      return null;
    });
    await run(logs, { data: { secret: 'hidden' } });
    expect(log).toEqual([
      { level: 'info', message: 'seen', function: 'worker', event: 'e1', fields: { speed: 50 } },
      { level: 'debug', message: 'more', function: 'worker', event: 'e1' },
    ]);
  });

  it('is bounded in lines and sizes, and never fails', async () => {
    const { run, log } = createBench();
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    const logs = functionOf((_event, { log }) => {
      log.info('x'.repeat(5_000), { text: 'y'.repeat(10_000) });
      log.warn('cyclic', cyclic);
      log.error(new Error('not text') as unknown as string);
      for (let i = 0; i < 500; i += 1) log.info('again');
      return null;
    });
    await run(logs, {});
    expect(log).toHaveLength(101);
    expect(JSON.stringify(log[0]).length).toBeLessThan(6_000);
    expect(log[1]?.fields).toEqual({ cut: 'the fields cannot be written as JSON' });
    expect(log[2]?.message).toBe('the message is not text');
    expect(log.at(-1)?.message).toContain('more than 100 lines');
  });
});

describe('defineFunction', () => {
  it('refuses a name that no step could call', () => {
    for (const name of ['', 'Geo', 'a/b', '-a', 'a'.repeat(64), '__proto__']) {
      expect(() => defineFunction({ name, handler: () => null })).toThrow('no name');
    }
  });
});
