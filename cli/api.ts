import { CommandError } from './command.ts';

/** The HTTP API of a Tulle installation, with one key. Refusals become errors that say how to mend them. */
export interface Api {
  readonly url: string;
  get<Body>(path: string): Promise<Body>;
  put(path: string, body: unknown): Promise<void>;
  post<Body>(path: string, contentType: string, body: string): Promise<Body>;
}

export function createApi(url: string, key: string): Api {
  async function call(method: string, path: string, contentType?: string, body?: string): Promise<unknown> {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    if (!response.ok) throw toError(method, path, response.status, text);
    return text === '' ? undefined : JSON.parse(text);
  }

  return {
    url,
    get: async <Body>(path: string) => (await call('GET', path)) as Body,
    async put(path, body) {
      await call('PUT', path, 'application/json', JSON.stringify(body));
    },
    post: async <Body>(path: string, contentType: string, body: string) =>
      (await call('POST', path, contentType, body)) as Body,
  };
}

/** The members of a problem document (RFC 9457) that a person needs. */
interface Problem {
  readonly title?: string;
  readonly detail?: string;
  readonly place?: string;
  readonly mend?: string;
}

function toError(method: string, path: string, status: number, text: string): CommandError {
  let problem: Problem = {};
  try {
    problem = JSON.parse(text) as Problem;
  } catch {
    // Not our API: the status has to do.
  }
  const what = [problem.detail ?? problem.title ?? 'The answer is no problem document.', problem.place]
    .join(' ')
    .trim();
  const mend = problem.mend === undefined ? {} : { mend: problem.mend };
  return new CommandError(`${method} ${path} was answered ${status}. ${what}`, mend);
}
