import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { CommandError } from '../command.ts';

export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly datacontenttype: 'application/json';
  readonly data: unknown;
}

/** What GitHub really sent to webhooks, as CloudEvents: one each of the events that teams listen to most. */
export async function readGitHubEvents(): Promise<CloudEvent[]> {
  const path = findExamples();
  const definitions = JSON.parse(await readFile(path, 'utf8')) as readonly Definition[];
  return wanted.map((type) => {
    const [name, action] = type.split('.');
    const payloads = definitions.find((definition) => definition.name === name)?.examples ?? [];
    const payload = payloads.find((candidate) => candidate.action === action && candidate.commits?.length !== 0);
    if (payload === undefined) throw new Error(`@octokit/webhooks-examples has no ${type}`);
    return toCloudEvent(type, payload);
  });
}

/** They are no part of the package: 2 MB that only the demo reads. @throws CommandError where they are not installed */
function findExamples(): string {
  try {
    return fileURLToPath(import.meta.resolve('@octokit/webhooks-examples'));
  } catch (cause) {
    throw new CommandError('The events of the demo are not installed.', {
      mend: 'npm install --save-dev @octokit/webhooks-examples',
      cause,
    });
  }
}

const wanted = [
  'push',
  'issues.opened',
  'pull_request.opened',
  'release.published',
  'star.created',
  'issue_comment.created',
  'check_run.completed',
  'workflow_run.completed',
  'deployment_status.created',
  'create',
  'fork',
  'ping',
];

interface Definition {
  readonly name: string;
  readonly examples: readonly Payload[];
}

interface Payload {
  readonly action?: string;
  readonly commits?: readonly unknown[];
  readonly repository?: { readonly full_name?: string };
  readonly organization?: { readonly login?: string };
}

function toCloudEvent(type: string, payload: Payload): CloudEvent {
  const owner = payload.repository?.full_name ?? payload.organization?.login ?? '';
  return {
    specversion: '1.0',
    // The same payload has the same id, as GitHub's own redelivery would.
    id: createHash('sha256').update(JSON.stringify(payload)).digest('hex').slice(0, 16),
    source: `https://github.com/${owner}`,
    type: `com.github.${type}`,
    datacontenttype: 'application/json',
    data: payload,
  };
}
