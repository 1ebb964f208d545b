import { TulleRequestError } from '../../client/error.ts';
import type { Quotas, TenantDocument } from '../../client/tenants.ts';
import { usageError } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { whyOption } from '../terminal/why.ts';

export const set = defineCommand({
  name: 'tenants set',
  summary: 'Create a tenant, or change its description and quotas',
  details: `What is not named stays. Quotas: eventsPerSecond, buses, rules, targets, keys, storedDays.`,
  words: ['NAME'],
  options: {
    description: { type: 'string', description: 'what it is' },
    quota: {
      type: 'string',
      value: 'NAME=N',
      multiple: true,
      description: 'such as rules=100; rules=none takes it away; may be given again',
    },
    ...whyOption,
  },
  examples: ['tulle tenants set acme --quota eventsPerSecond=500 --quota rules=100 --quota storedDays=30'],
  async run({ words: [name = ''], values: { description, quota, why }, session, output }) {
    const { tenants } = session.client().admin;
    const changes = quota.map(readQuota);
    let present: { readonly version: number; readonly document: TenantDocument };
    try {
      present = await tenants.get(name);
    } catch (error) {
      if (!(error instanceof TulleRequestError) || error.status !== 404) throw error;
      present = { version: 0, document: { name } };
    }
    const quotas: Record<string, number> = { ...present.document.quotas };
    for (const [key, most] of changes) {
      if (most === undefined) delete quotas[key];
      else quotas[key] = most;
    }
    const told = description ?? present.document.description;
    const document = { name, ...(told === undefined ? {} : { description: told }), quotas: quotas as Quotas };
    const put = await tenants.put(name, document, { version: present.version, why });
    if (output.json) output.document(put.document, () => '');
    else output.note(`${present.version === 0 ? 'Created' : 'Changed'} the tenant ${name}.`);
  },
});

function readQuota(text: string): readonly [name: string, most: number | undefined] {
  const [, name = '', most] = /^([A-Za-z]+)=(\d{1,9}|none)$/.exec(text) ?? [];
  if (most === undefined) throw usageError(`${text} is no quota.`, 'Give one such as rules=100, or rules=none.');
  return [name, most === 'none' ? undefined : Number(most)];
}
