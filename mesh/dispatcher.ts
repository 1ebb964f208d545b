import type { CompiledSnapshot } from './compiled-snapshot.ts';
import type { AttemptOptions } from './delivery/attempt.ts';
import { createConnections } from './delivery/connections.ts';
import { createDelivery } from './delivery/deliver.ts';
import type { Group } from './delivery/group.ts';
import { handOver } from './delivery/hand-over.ts';
import { createHealth } from './delivery/health.ts';
import { createJournal, type Journal } from './delivery/journal.ts';
import { createSignOffs, type Disable } from './delivery/sign-off.ts';
import { takeTurn, type TurnMessage } from './delivery/turn.ts';
import { createWatch } from './delivery/watch.ts';
import { decodeEnvelope, deliveriesOf, type Envelope } from './envelope.ts';
import type { QueueConsumer } from './ports/consumer.ts';
import type { Queue } from './ports/queue.ts';
import type { Settlement } from './ports/settlement.ts';
import type { Functions } from './functions/functions.ts';
import { isReplay } from './replay/replay.ts';
import { createReplayer } from './replay/replayer.ts';
import type { EnvelopeCodec } from './recent-envelopes.ts';
import { createReshape } from './reshape.ts';
import type { SnapshotSource } from './snapshot-source.ts';

export interface DispatcherOptions extends Pick<
  AttemptOptions,
  'sinks' | 'credentials' | 'policy' | 'sockets' | 'runtime' | 'publish' | 'report'
> {
  readonly snapshots: SnapshotSource;
  readonly functions: Functions;
  /** Where deliveries of replays wait in lanes of other shards. */
  readonly queue: Queue;
  readonly disable: Disable;
  /** As in `IngressOptions`. */
  readonly envelopes?: EnvelopeCodec | undefined;
  /** Simultaneous calls of one dispatch; a Worker's invocation has the default, 6 connections. */
  readonly connections?: number | undefined;
}

const CONNECTIONS = 6;

/**
 * Runs the steps of every planned delivery, hands the results to the targets, and says what is left to do. Rejects only
 * when it cannot know what to do (no snapshot): then nothing is settled, and everything is handed out again.
 */
export function createDispatcher(options: DispatcherOptions): QueueConsumer {
  const { snapshots, runtime } = options;
  const health = createHealth(runtime.now);
  const signOffs = createSignOffs(options.disable, runtime.now);
  const size = options.connections ?? CONNECTIONS;
  const decode = options.envelopes?.decode ?? decodeEnvelope;
  const replay = createReplayer(options);

  return async (messages, turn) => {
    if (isReplay(turn)) return replay(messages, turn);
    const journal = createJournal(runtime);
    const reshape = createReshape(options.credentials, options.functions);
    const attempts = { ...options, journal, reshape, signOffs };
    if (turn !== undefined) {
      const queued: TurnMessage[] = [];
      for (const message of messages) {
        const ends: (() => void)[] = [];
        // All that is in a lane's message goes to the lane's target.
        const [group] = await toGroups([message], (place, item) => ends.push(() => journal.removed(place, item)));
        // It ends when its turn comes: what this turn does not get to is handed out again.
        queued.push(group ?? { end: () => ends.forEach((end) => end()) });
      }
      const outcome = await takeTurn(turn, queued, { ...attempts, health, connections: size });
      const retries = [...outcome.retries, ...toHandedOver(journal)];
      return { ...outcome, retries, ...toHistory(journal) };
    }
    // A target that has not answered lately may hang: it gets half of them, and others do not wait.
    const connections = createConnections(size, (target) => (health.isWell(target) ? size : Math.ceil(size / 2)));
    const watch = createWatch(runtime, health, () => connections.close());
    const { deliver, untried, throttled } = createDelivery({ ...attempts, connections, watch, health });
    const retries: Settlement['retries'][number][] = [];
    const groups = await toGroups(messages, (place, item) => journal.removed(place, item));
    for (const left of await Promise.all(groups.map(deliver))) retries.push(...left);
    retries.push(...untried(), ...toHandedOver(journal));
    return { retries, ...toHistory(journal), ...throttled() };
  };

  /** What was given up, as new deliveries to the dead-letter targets. */
  function toHandedOver(journal: Journal): Settlement['retries'] {
    const messages = handOver(journal.deaths, runtime.now());
    for (const { body } of messages) journal.added(deliveriesOf(body));
    return messages;
  }

  /** The deliveries of messages by target and number of attempts; `gone` is told of those whose target is gone. */
  async function toGroups(messages: readonly string[], gone: Journal['removed']): Promise<Group[]> {
    const groups = new Map<string, Group>();
    let compiled: CompiledSnapshot | undefined;
    for (const message of messages) {
      const envelope = decode(message);
      const { tenant, bus, version } = envelope;
      // Most messages of a dispatch were planned on the same snapshot.
      if (
        compiled?.snapshot.tenant !== tenant ||
        compiled.snapshot.bus !== bus ||
        compiled.snapshot.version < version
      ) {
        compiled = await snapshots.atLeast(tenant, bus, version);
      }
      for (const planned of envelope.events) {
        for (const { rule, target, parts } of planned.deliveries) {
          const key = `${tenant}/${bus}/${rule}/${target}/${envelope.attempts}`;
          const group = groups.get(key) ?? toGroup(envelope, compiled, rule, target);
          const item = { planned, ...(parts === undefined ? {} : { parts }) };
          if (group === undefined) gone({ ...envelope, rule, target }, item);
          else {
            groups.set(key, group);
            group.items.push(item);
          }
        }
      }
    }
    return [...groups.values()];
  }
}

function toHistory(journal: Journal): Pick<Settlement, 'records' | 'tally' | 'outcomes'> {
  const { records, outcomes } = journal;
  return { records, tally: journal.tally(), ...(outcomes.length === 0 ? {} : { outcomes }) };
}

/** `undefined` when the rule or the target was removed or disabled after the event was matched. */
function toGroup(
  { tenant, bus, attempts }: Envelope,
  compiled: CompiledSnapshot | undefined,
  ruleName: string,
  targetName: string,
): Group | undefined {
  const rule = compiled?.rule(ruleName);
  const target = rule?.target(targetName);
  if (compiled === undefined || rule === undefined || target === undefined) return undefined;
  return { tenant, bus, compiled, rule, target, attempt: attempts + 1, items: [] };
}
