import type { FromSchema } from 'json-schema-to-ts';
import { TulleError } from '../event/error.ts';
import { mayUse, requireAccess } from '../mesh/authentication.ts';
import { createCredentials } from '../mesh/connections/credentials.ts';
import { readEvents } from '../mesh/history.ts';
import { defaultLimits } from '../mesh/protocols/protocol.ts';
import { bodyMaxBytes as resourceMaxBytes, parseJsonBody, readJsonText } from '../mesh/protocols/json-body.ts';
import { isAllowed } from '../mesh/roles.ts';
import { readElements, readGivenEvent, readMembers, toPlacedError } from '../mesh/rule-test/given-events.ts';
import { type TestedEvent, testRules } from '../mesh/rule-test/rule-test.ts';
import { createTestedFunctions } from '../mesh/rule-test/tested-functions.ts';
import type { Rule, Snapshot } from '../mesh/snapshot.ts';
import { fromJson } from '../event/json-format.ts';
import { admitRule, toRule } from './admission.ts';
import { findUsableConnections } from './connections.ts';
import { findFunctionNames } from './functions.ts';
import { nameSchema, requireName } from './resources/name.ts';
import type { Call, Services } from './services.ts';
import { readStoredSnapshot } from './snapshot-reader.ts';
import { unknownBus } from './stage-edits.ts';
import { faultOf, fillDefaults, findFaults, throwFaults } from './validation.ts';
import { findRuleWarnings, type Warning } from './warnings.ts';

/**
 * POST `/v1/admin/buses/{bus}/rules:test`: what stored rules, or one that is sent along, make of events that are sent
 * along or that the bus keeps. Nothing is sent, stored or counted.
 */
export async function postRuleTest(services: Services, call: Call): Promise<Response> {
  const { principal, params } = call;
  const bus = requireName(params['bus'] ?? '', 'bus');
  const { wanted, texts } = await readWanted(call.request);
  const disclose = isAllowed(principal.role, 'disclose');
  if (wanted.functions === 'run') requireAccess(principal, 'publish', bus);
  // Filters of one's own, on events that one may not see, would tell what is in them test by test.
  if (typeof wanted.rule === 'object' && wanted.last !== undefined) requireAccess(principal, 'disclose', bus);
  const snapshot = await readStoredSnapshot(services.documents, principal.tenant, bus);
  if (snapshot === undefined) throw unknownBus(bus);
  const { rules, warnings = [] } = await findRules(services, call, snapshot, wanted.rule);
  const events =
    texts === undefined
      ? await findLast(services, snapshot, wanted.last ?? 1)
      : readGiven(texts, wanted.at === undefined ? services.runtime.now() : Date.parse(wanted.at));
  const { policy, runtime, secrets, sinks } = services;
  const credentials = createCredentials({ ...services, support: services.connections });
  const result = await testRules(events, {
    snapshot,
    rules,
    functions: createTestedFunctions({
      // As at `/v1/functions`: who may not publish calls none.
      mode: isAllowed(principal.role, 'publish') ? wanted.functions : 'none',
      support: services.functions,
      credentials,
      policy,
      runtime,
    }),
    callsAll: wanted.functions === 'run',
    disclose,
    sinks: new Map(sinks.map((sink) => [sink.kind, sink])),
    policy,
    now: runtime.now(),
    secrets,
    // Secrets are the tenant's. A rule of one's own could ask for any name, also of those that no list shows.
    tellsMissing: mayUse(principal, '*') && (typeof wanted.rule !== 'object' || isAllowed(principal.role, 'configure')),
  });
  return Response.json({ bus, version: snapshot.version, ...result, ...(warnings.length === 0 ? {} : { warnings }) });
}

const mostEvents = 100;

export const ruleTestSchema = {
  type: 'object',
  properties: {
    rule: {
      description: 'the name of a rule of the bus, or a rule itself; absent for all rules of the bus',
      anyOf: [nameSchema, { type: 'object' }],
    },
    event: { description: 'a CloudEvent, or an event of EventBridge' },
    events: { type: 'array', minItems: 1, maxItems: mostEvents, description: 'several of them' },
    last: {
      type: 'integer',
      minimum: 1,
      maximum: mostEvents,
      description: 'instead: so many of the events that the bus keeps, newest first',
    },
    at: { type: 'string', format: 'date-time', description: 'when the events that are sent along come in; now' },
    functions: {
      enum: ['skip', 'run'],
      default: 'skip',
      description: 'run: functions may reach the network; skip: a call that needs it is left out',
    },
  },
  additionalProperties: false,
} as const;

type Wanted = Pick<FromSchema<typeof ruleTestSchema>, 'at' | 'last' | 'rule'> & { readonly functions: 'run' | 'skip' };

/** A rule, and events as many as a batch may have. */
const bodyMaxBytes = defaultLimits.batchBytes + resourceMaxBytes;

/** Events keep their text. `texts` is absent where kept ones are asked for. */
async function readWanted(
  request: Request,
): Promise<{ readonly wanted: Wanted; readonly texts?: ReadonlyMap<string, string> }> {
  const members = new Map(readMembers(await readJsonText(request, bodyMaxBytes), -1));
  const texts = new Map<string, string>();
  if ((members.get('rule')?.length ?? 0) > resourceMaxBytes) {
    throw new TulleError('too_large', `The rule is larger than ${resourceMaxBytes} bytes.`, { place: '/rule' });
  }
  for (const name of ['event', 'events']) {
    const text = members.get(name);
    if (text === undefined) continue;
    members.set(name, name === 'events' && text.startsWith('[') ? '[null]' : 'null');
    if (name === 'event' || !text.startsWith('[')) texts.set(`/${name}`, text);
    else {
      const elements = readElements(text, mostEvents + 1);
      if (elements.length === 0) members.set(name, '[]');
      if (elements.length > mostEvents) throwFaults([faultOf('/events', `There are more than ${mostEvents} events.`)]);
      for (const [index, element] of elements.entries()) texts.set(`/events/${index}`, element);
    }
  }
  const rest = Array.from(members, ([name, text]) => `${JSON.stringify(name)}:${text}`);
  const input = parseJsonBody(`{${rest.join(',')}}`);
  throwFaults(findFaults(ruleTestSchema, input));
  const given = ['event', 'events', 'last'].filter((name) => members.has(name));
  if (given.length !== 1) {
    throwFaults([faultOf('', 'The test does not say on which events.', 'Give exactly one of event, events and last.')]);
  }
  const wanted = fillDefaults(ruleTestSchema, input) as Wanted;
  if (wanted.at !== undefined && Number.isNaN(Date.parse(wanted.at))) {
    throwFaults([faultOf('/at', 'at is no time.', 'Write it like 2026-01-31T12:00:00Z.')]);
  }
  return { wanted, ...(members.has('last') ? {} : { texts }) };
}

async function findRules(
  services: Services,
  { principal }: Call,
  { bus, rules }: Snapshot,
  wanted: Wanted['rule'],
): Promise<{ readonly rules: readonly Rule[]; readonly warnings?: readonly Warning[] }> {
  if (wanted === undefined) return { rules };
  if (typeof wanted === 'string') {
    const found = rules.find(({ name }) => name === wanted);
    if (found !== undefined) return { rules: [found] };
    throw new TulleError('not_found', `There is no rule ${wanted} on the bus ${bus}.`, {
      place: '/rule',
      mend: 'GET /v1/admin/buses/{bus}/rules lists what there is.',
    });
  }
  const name: unknown = wanted['name'] ?? unnamed;
  const { documents } = services;
  const [functions, connections] = await Promise.all([
    findFunctionNames(services, documents, principal.tenant),
    findUsableConnections(documents, principal),
  ]);
  try {
    const address = { bus, name: typeof name === 'string' ? name : unnamed };
    const rule = admitRule(wanted, address, { ...services, functions, connections });
    const warnings = findRuleWarnings(rule).map((one) => ({ ...one, place: `/rule${one.place}` }));
    return { rules: [toRule(rule, 0)], warnings };
  } catch (error) {
    if (!TulleError.is(error) || error.fault !== 'user') throw error;
    const items = error.errors ?? [error.toItem()];
    throwFaults(items.map((item) => ({ ...item, place: `/rule${item.place ?? ''}` })));
    throw error;
  }
}

/** What a rule is called that does not say it. */
const unnamed = 'tested';

/** @throws TulleError with the place of every event that is none */
function readGiven(texts: ReadonlyMap<string, string>, at: number): readonly TestedEvent[] {
  // The same at every call, so that what depends on chance comes out alike.
  const receipt = { id: 'test', at };
  const events: TestedEvent[] = [];
  const faults: ReturnType<typeof toPlacedError>[] = [];
  for (const [place, text] of texts) {
    try {
      if (text.length > defaultLimits.eventBytes) throw tooLarge();
      events.push({ event: readGivenEvent(text), receipt, index: events.length, given: true });
    } catch (error) {
      if (!TulleError.is(error) || error.fault !== 'user') throw error;
      faults.push(toPlacedError(error, place));
    }
  }
  throwFaults(faults);
  return events;
}

function tooLarge(): TulleError {
  return new TulleError('too_large', `The event is larger than ${defaultLimits.eventBytes} bytes.`, {
    mend: 'Send less data, or a reference to it (the dataref extension).',
  });
}

/** Newest first. Those that are too long together are left out. */
async function findLast(
  { ledger }: Services,
  { tenant, bus, settings }: Snapshot,
  limit: number,
): Promise<readonly TestedEvent[]> {
  if (ledger === undefined) {
    throw new TulleError('request_invalid', 'No events are kept here.', { place: '/last', mend: 'Send events along.' });
  }
  const place = { tenant, bus, shards: settings.shards };
  const { items } = await readEvents(ledger, place, { filter: {}, limit, eventLength: defaultLimits.batchBytes });
  return items.flatMap(({ event: text, receipt, index }) => {
    if (text === undefined) return [];
    try {
      return [{ event: fromJson(text), receipt, index, given: false }];
    } catch (error) {
      // It was accepted by other rules than today's.
      if (TulleError.is(error)) return [];
      throw error;
    }
  });
}
