import { findImpossibility, type Impossibility } from '../functions/filter/impossible.ts';
import type { Filter } from '../functions/filter/filter.ts';
import { canonicalJson } from '../functions/transform/canonical-json.ts';
import { namedConnection } from '../mesh/connections/settings.ts';
import { credentialHeader } from '../mesh/rule-test/tested-requests.ts';
import { type RuleDocument, type TargetDocument, targetSchema } from './resources/rule.ts';
import { escapePointer } from './validation.ts';

/** What is allowed, and most likely not meant. An answer has as many as a person reads. */
export interface Warning {
  readonly code: 'never_matches' | 'duplicate_delivery' | 'credentials_in_clear' | 'no_effect';
  readonly message: string;
  /** A JSON Pointer into the document. */
  readonly place: string;
  /** What to do about it. */
  readonly mend: string;
}

/** Of a rule by itself. */
export function findRuleWarnings(rule: RuleDocument): readonly Warning[] {
  return [...findFilterWarnings(rule), ...findEffectWarnings(rule), ...rule.targets.flatMap(findTargetWarnings)];
}

/** Of rules among all those of their bus: what each of them delivers that another delivers as well. */
export function findDuplicates(
  rules: readonly RuleDocument[],
  all: readonly RuleDocument[],
): ReadonlyMap<RuleDocument, readonly Warning[]> {
  const sharedBy = new Map<string, RuleDocument[]>();
  for (const rule of all) {
    if (!rule.enabled) continue;
    for (const key of deliveryKeys(rule)) {
      if (key === undefined) continue;
      const sharing = sharedBy.get(key);
      if (sharing === undefined) sharedBy.set(key, [rule]);
      else sharing.push(rule);
    }
  }
  return new Map(
    rules.map((rule) => {
      if (!rule.enabled) return [rule, []];
      const warnings = deliveryKeys(rule).flatMap((key, index): Warning[] => {
        const other = key === undefined ? undefined : sharedBy.get(key)?.find(({ name }) => name !== rule.name);
        if (other === undefined) return [];
        const message = `The rule ${other.name} delivers the same to the same target: it gets every event twice.`;
        const mend = 'Remove the target, or one of the rules.';
        return [{ code: 'duplicate_delivery', message, place: `/targets/${index}`, mend }];
      });
      return [rule, warnings];
    }),
  );
}

/** For each target what it is sent, and where; alike only where both say the same, in whichever order. */
function deliveryKeys({ filter, steps, targets }: RuleDocument): readonly (string | undefined)[] {
  const content = canonicalJson({ filter: inOrder(filter, ''), steps });
  return targets.map((target) => {
    if (target.disabled !== undefined) return undefined;
    const sinks = Object.entries(target).filter(([member]) => !Object.hasOwn(targetSchema.properties, member));
    return `${content} ${canonicalJson(Object.fromEntries(sinks))}`;
  });
}

/** Lists in filters are alternatives, or all that has to hold, so that their order says nothing; but for bounds of numbers. */
function inOrder(value: unknown, name: string): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => inOrder(item, ''));
    return name === 'numeric' ? items : [...new Set(items.map((item) => canonicalJson(item)))].sort();
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([member, inner]) => [member, inOrder(inner, member)]));
}

function findFilterWarnings({ filter }: RuleDocument): Warning[] {
  const found = findImpossibility(filter as Filter);
  if (found === undefined) return [];
  const [language = ''] = Object.keys(filter);
  const { message, mend } = explainImpossibility(found);
  return [{ code: 'never_matches', message, place: `/filter/${escapePointer(language)}`, mend }];
}

function explainImpossibility({ path, why }: Impossibility): Pick<Warning, 'message' | 'mend'> {
  switch (why) {
    case 'contradiction':
      return {
        message: `No event can match: the demands on ${path} exclude each other.`,
        mend: 'Join them by "any" or OR, or make a rule of each.',
      };
    case 'value':
      return {
        message: `No event can match: none that is accepted has what is asked of ${path}.`,
        mend: 'Ask for a value that an event may have there; attributes are held to the CloudEvents specification.',
      };
    default:
      return {
        message: `No event can match: none that is accepted has ${path}.`,
        mend: 'Attributes have lower-case letters and digits and no members; the payload is below data. For names of EventBridge use the filter language eventbridge.',
      };
  }
}

function findEffectWarnings({ enabled, targets }: RuleDocument): Warning[] {
  if (!enabled) {
    const message = 'The rule is disabled: it takes no event.';
    return [{ code: 'no_effect', message, place: '/enabled', mend: 'Set enabled to true when it is to work.' }];
  }
  if (!targets.every(({ disabled }) => disabled !== undefined)) return [];
  const message = 'All targets of the rule are disabled: nothing goes to them.';
  return [{ code: 'no_effect', message, place: '/targets', mend: 'Leave out disabled to enable a target again.' }];
}

function findTargetWarnings({ deadLetter, ...target }: TargetDocument, index: number): Warning[] {
  const place = `/targets/${index}`;
  const own = Object.entries(target).flatMap(([kind, options]) => findClearWarnings(options, `${place}/${kind}`));
  return deadLetter === undefined
    ? own
    : [
        ...own,
        ...Object.entries(deadLetter).flatMap(([kind, options]) =>
          findClearWarnings(options, `${place}/deadLetter/${kind}`),
        ),
      ];
}

/** Of a sink's options that name a URL of plain HTTP. What does not leave the machine is seen by nobody. */
function findClearWarnings(options: unknown, place: string): Warning[] {
  if (typeof options !== 'object' || options === null) return [];
  const { url, signing, headers = {} } = options as Readonly<Record<string, unknown>>;
  const parsed = typeof url === 'string' ? URL.parse(url) : null;
  if (parsed?.protocol !== 'http:' || isLoopback(parsed.hostname)) return [];
  const header = Object.keys(headers as object).find((name) => credentialHeader.test(name));
  const mend = 'Write the URL as https://host/path.';
  const warn = (message: string): Warning[] => [{ code: 'credentials_in_clear', message, place: `${place}/url`, mend }];
  if (namedConnection(options) !== undefined) return warn('The credentials of the connection go over plain HTTP.');
  if (header !== undefined) return warn(`The header ${header.slice(0, 64)} goes over plain HTTP.`);
  if (signing === undefined) return [];
  return warn('What is signed goes over plain HTTP: everybody on the way can read it, and send it again.');
}

function isLoopback(hostname: string): boolean {
  return /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

/** What goes with the answer to one document: JSON in ASCII, as many of the first as a header holds. */
export function toWarningHeader(warnings: readonly Warning[] = []): Readonly<Record<string, string>> {
  const fitting: string[] = [];
  let length = 2;
  for (const warning of warnings) {
    const text = JSON.stringify(warning).replace(
      /[^ -~]/g,
      (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    length += text.length + 1;
    if (length <= headerLength) fitting.push(text);
  }
  return fitting.length === 0 ? {} : { 'tulle-warnings': `[${fitting.join(',')}]` };
}

const headerLength = 4_096;
