import { TulleError } from '../../event/error.ts';
import type { CompiledSnapshot } from '../../mesh/compiled-snapshot.ts';
import type { Source, SourceContext, SourceRecord, WantedKeys } from '../../mesh/connector/source.ts';
import type { ConnectorSettings } from '../../mesh/connector/task.ts';
import type { Difference, VerifyOrder, VerifyPage } from '../../mesh/connector/verify.ts';
import type { Reshape } from '../../mesh/reshape.ts';
import type { Comparison, Delivery, Sink, SinkContext } from '../../mesh/sink.ts';
import { toEvents } from './records.ts';

/** What a comparison has to do with. */
export interface Ends {
  readonly source: Source;
  readonly context: SourceContext<unknown>;
  readonly settings: ConnectorSettings;
  readonly compiled: CompiledSnapshot;
  readonly reshape: Reshape;
  readonly sink: Sink;
  readonly sinkContext: SinkContext;
  readonly now: number;
}

/** @throws TulleError `request_invalid` where source or target cannot be asked, `not_found`, `unavailable` */
export async function verifyPage(ends: Ends, order: VerifyOrder): Promise<VerifyPage> {
  const { source, context, compiled, sink, sinkContext } = ends;
  const rule = compiled.rule(order.rule);
  const target = rule?.target(order.target);
  if (rule === undefined || target === undefined) {
    throw new TulleError('not_found', `There is no target ${order.rule}/${order.target} that is enabled.`);
  }
  const { inspect } = sink;
  if (source.latest === undefined || inspect === undefined) {
    const which = source.latest === undefined ? `The source ${source.kind}` : `The sink ${sink.kind}`;
    throw new TulleError('request_invalid', `${which} cannot say what is there.`);
  }
  const session = await source.open?.(context);

  /** What the rule makes of the last record of each of some keys, compared with what the target has. */
  async function compare(wanted: WantedKeys): Promise<Compared> {
    const records = (await source.latest?.(wanted, { ...context, session })) ?? [];
    const found: { readonly key: string; readonly delivery: Delivery }[] = [];
    const differences: Difference[] = [];
    for (const record of records) {
      const key = keyOf(record);
      const { events, poison } = toEvents([record], ends.settings);
      for (const { reason } of poison) differences.push({ key, kind: 'unusable', reason });
      for (const event of events) {
        if (!compiled.match(event).rules.includes(rule as NonNullable<typeof rule>)) continue;
        const receipt = { id: 'verify', at: ends.now };
        const made = await ends.reshape(rule as NonNullable<typeof rule>, { event, receipt, index: 0, deliveries: [] });
        for (const one of made.events) {
          if (one !== undefined)
            found.push({ key, delivery: { event: one, id: `verify_${found.length}`, attempt: 1 } });
        }
      }
    }
    const deliveries = found.map(({ delivery }) => delivery);
    const options = target?.options;
    const comparisons =
      deliveries.length === 0 ? [] : ((await inspect?.compare(deliveries, options, sinkContext)) ?? []);
    differences.push(...comparisons.flatMap((one, index) => toDifference(one, found[index]?.key ?? '')));
    return {
      records,
      differences,
      // A key that is to be there: `extra` is one that is there and should not be.
      wanted: new Set(comparisons.flatMap(({ key, kind }) => (kind === 'absent' || kind === 'extra' ? [] : [key]))),
      keysDiffer: comparisons.some(({ key, kind }, index) => kind !== 'unusable' && key !== found[index]?.key),
    };
  }

  /** Rows of the target that nothing of the source asks for. */
  function extras(there: readonly string[], { wanted, differences }: Compared): readonly Difference[] {
    const told = new Set(differences.filter(({ kind }) => kind === 'extra').map(({ key }) => key));
    return there.filter((key) => !wanted.has(key) && !told.has(key)).map((key) => ({ key, kind: 'extra' }));
  }

  try {
    const { limit, after, keys, side } = order;
    if (keys !== undefined) {
      const compared = await compare({ keys });
      const there = compared.keysDiffer ? [] : await inspect.keys({ keys }, target.options, sinkContext);
      return { checked: keys.length, differences: [...compared.differences, ...extras(there, compared)] };
    }
    if (side === 'source') {
      const { records, differences, keysDiffer } = await compare({ after, limit });
      const last = records.at(-1);
      const next = last === undefined || records.length < limit ? {} : { next: keyOf(last) };
      return { checked: records.length, differences, ...(keysDiffer ? { keysDiffer } : {}), ...next };
    }
    const there = await inspect.keys({ after, limit }, target.options, sinkContext);
    const compared = await compare({ keys: there });
    const last = there.at(-1);
    const next = last === undefined || there.length < limit ? {} : { next: last };
    return { checked: there.length, differences: extras(there, compared), ...next };
  } finally {
    await source.close?.(session);
  }
}

interface Compared {
  readonly records: readonly SourceRecord[];
  readonly differences: readonly Difference[];
  readonly wanted: ReadonlySet<string>;
  readonly keysDiffer: boolean;
}

function keyOf({ partitionkey, id }: SourceRecord): string {
  return typeof partitionkey === 'string' ? partitionkey : id;
}

/** Known by the source's key, by which it can be looked at again. */
function toDifference({ kind, columns, reason }: Comparison, key: string): readonly Difference[] {
  if (kind === 'same' || kind === 'absent') return [];
  return [{ key, kind, ...(columns === undefined ? {} : { columns }), ...(reason === undefined ? {} : { reason }) }];
}
