import type { SourceRecord } from '../../mesh/connector/source.ts';

/** As far as it is looked at: https://docs.github.com/en/rest/using-the-rest-api/github-event-types. */
export interface GithubEvent {
  readonly id: string;
  /** `PushEvent`. */
  readonly type: string;
  /** RFC 3339. */
  readonly created_at?: string;
  readonly repo?: { readonly name?: string };
  readonly payload?: Readonly<Record<string, unknown>>;
}

/** Type, source and subject as CloudEvents' adapter for GitHub has them (cloudevents/spec, adapters/github.md). */
export function toGithubRecord(event: GithubEvent, origin: string): SourceRecord {
  const { id, type, created_at: time, repo } = event;
  const payload = typeof event.payload === 'object' && event.payload !== null ? event.payload : {};
  const { action } = payload;
  const kind = snakeCase(type.replace(/Event$/, ''));
  const subject = subjectOf(payload);
  return {
    id,
    type: `com.github.${kind}${typeof action === 'string' && /^\w{1,64}$/.test(action) ? `.${action}` : ''}`,
    ...(typeof repo?.name === 'string' ? { source: `${origin}/${repo.name}` } : {}),
    ...(subject === undefined ? {} : { subject }),
    ...(typeof time === 'string' ? { time } : {}),
    data: event,
  };
}

function snakeCase(text: string): string {
  return text.replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, '_').toLowerCase();
}

/** A number, a ref or a tag: what the event is about. */
function subjectOf(payload: Readonly<Record<string, unknown>>): string | undefined {
  const { issue, pull_request: pull, release, number, ref } = payload;
  const found = [member(pull, 'number'), member(issue, 'number'), member(release, 'tag_name'), number, ref];
  for (const value of found) {
    if (typeof value === 'number') return String(value);
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
