import { TulleError } from '../event/error.ts';
import { mayGoTo, namedConnection } from '../mesh/connections/settings.ts';
import type { Documents } from '../mesh/ports/documents.ts';
import { documentKeys, walkDocuments } from './document-keys.ts';
import type { ConnectorDocument } from './resources/connector.ts';
import type { FunctionDocument } from './resources/function.ts';
import type { RuleDocument } from './resources/rule.ts';

/**
 * Refuses what would take a connection away from a target or a function that names it; with `hosts`, only where they
 * are not among them.
 * @throws TulleError `in_use`
 */
export async function requireConnectionUnused(
  documents: Documents,
  tenant: string,
  name: string,
  hosts?: readonly string[],
): Promise<void> {
  const isTaken = (options: unknown, url: unknown): boolean =>
    namedConnection(options) === name && (hosts === undefined || (url !== undefined && !mayGoTo(hosts, hostOf(url))));
  for await (const { value } of walkDocuments(documents, documentKeys.rules(tenant))) {
    const { bus, name: rule, targets } = value as RuleDocument;
    for (const target of targets) {
      const sinks = [...Object.values(target), ...Object.values(target.deadLetter ?? {})];
      const isUser = sinks.some((options) => isTaken(options, urlOf(options, 'url')));
      if (isUser) throw inUse(`The target ${target.name} of the rule ${rule} on the bus ${bus}`, `connection ${name}`);
    }
  }
  for await (const { value } of walkDocuments(documents, documentKeys.connectorsOf(tenant))) {
    const { bus, name: connector, source } = value as ConnectorDocument;
    const isUser = Object.values(source).some((options) => isTaken(options, urlOf(options, 'url')));
    if (isUser) throw inUse(`The connector ${connector} on the bus ${bus}`, `connection ${name}`);
  }
  for await (const { value } of walkDocuments(documents, documentKeys.functions(tenant))) {
    const { name: user, runs } = value as FunctionDocument;
    if (isTaken(runs, urlOf(runs, 'http'))) throw inUse(`The function ${user}`, `connection ${name}`);
  }
}

/** @throws TulleError `in_use` where a target, a step or a function names the secret */
export async function requireSecretUnused(documents: Documents, tenant: string, name: string): Promise<void> {
  for await (const { value } of walkDocuments(documents, documentKeys.rules(tenant))) {
    const { bus, name: rule, targets, steps } = value as RuleDocument;
    if (namesSecret([targets, steps], name)) throw inUse(`The rule ${rule} on the bus ${bus}`, `secret ${name}`);
  }
  for await (const { value } of walkDocuments(documents, documentKeys.connectorsOf(tenant))) {
    const { bus, name: connector, source } = value as ConnectorDocument;
    if (namesSecret(source, name)) throw inUse(`The connector ${connector} on the bus ${bus}`, `secret ${name}`);
  }
  for await (const { value } of walkDocuments(documents, documentKeys.functions(tenant))) {
    const { name: user, runs, secrets } = value as FunctionDocument;
    const signs = typeof runs === 'object' && 'signing' in runs && runs.signing === name;
    if (signs || secrets.includes(name)) throw inUse(`The function ${user}`, `secret ${name}`);
  }
}

/** By the members called `secret`, wherever a sink or a transformer has one: what else is called so is only too careful. */
function namesSecret(value: unknown, name: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([key, member]) => (key === 'secret' && member === name) || namesSecret(member, name),
  );
}

function urlOf(options: unknown, member: 'url' | 'http'): unknown {
  return typeof options === 'object' && options !== null ? Reflect.get(options, member) : undefined;
}

export function hostOf(url: unknown): string {
  return typeof url === 'string' ? (URL.parse(url)?.hostname ?? '') : '';
}

function inUse(user: string, what: string): TulleError {
  return new TulleError('in_use', `${user} uses the ${what}.`, { mend: 'Change or delete it first.' });
}
