import type { PostAnswer, PostRequest } from '../../mesh/ports/runtime.ts';
import type { Reply } from './oracle-facts.ts';
import type { Phase } from './plan.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

export interface Network {
  post(request: PostRequest): Promise<PostAnswer>;
  /** For targets that reply. */
  fetch(request: Request): Promise<Response>;
}

interface Answer extends PostAnswer {
  readonly reply?: Reply | undefined;
}

/** The network and the targets behind it: it delays, drops, repeats, and answers anything or nothing. */
export function createNetwork(world: World, process: Process): Network {
  const post = createPost(world, process);
  return {
    post,
    async fetch(request) {
      const { url, headers } = request;
      const body = await request.text();
      // Whoever asks has a timer of its own, which is not of this time.
      const timeoutMs = world.oracle.timeoutOf(url);
      const answer = await post({ url, headers: Object.fromEntries(headers), body, timeoutMs, answerBytes: 0 });
      return toResponse(answer);
    },
  };
}

function createPost(world: World, process: Process): (request: PostRequest) => Promise<Answer> {
  const { scheduler, random, oracle, plan } = world;
  const { drop, duplicate, answerLost, delayMs } = plan.trouble;

  return (request) =>
    process.call((resolve, reject) => {
      const call = oracle.sent(request.url, request.headers, toText(request.body));
      const dropped = world.mishap(drop);
      // What the kernel had not sent yet goes down with the process.
      let sent = random.chance(0.5);
      process.onDeath(() => oracle.forgotten(call));

      function fail(error: Error): void {
        if (call.over) return;
        oracle.answered(call, undefined, 0);
        reject(error);
      }

      function arrive(): (Answer & { readonly afterMs: number }) | undefined {
        const phase = phaseOf(call.state.plan.phases, scheduler.now());
        const answer = answerOf(phase);
        oracle.arrived(call, answer !== undefined && answer.status < 300);
        return answer;
      }

      function answerOf(behaviour: Phase['behaviour']): (PostAnswer & { readonly afterMs: number }) | undefined {
        const afterMs = random.between(0, delayMs);
        switch (behaviour) {
          case 'well':
            return { status: 204, text: '', afterMs };
          case 'flaky':
            return { status: random.pick([200, 202, 204, 500, 404, 400]), text: '', afterMs };
          case 'down':
            return { status: 502, text: '', afterMs };
          case 'busy':
            return { status: random.pick([429, 503]), text: '', retryAfter: String(random.between(1, 40)), afterMs };
          case 'slow':
            return { status: 200, text: '', afterMs: random.between(300, 4_000) };
          case 'refusing':
            return { status: 400, text: '', afterMs };
          case 'gone':
            return { status: random.chance(0.1) ? 410 : 500, text: '', afterMs };
          default:
            // It has the event, and says nothing.
            return undefined;
        }
      }

      function timeOut(): void {
        // Most calls are over by then, and to make an error is dear.
        if (call.over) return;
        fail(new DOMException(`no answer within ${request.timeoutMs / 1000} s`, 'TimeoutError'));
      }

      scheduler.after(request.timeoutMs, timeOut);
      if (dropped) {
        if (random.chance(0.5))
          scheduler.after(random.between(0, delayMs), () => fail(new Error('connection refused')));
        return;
      }
      scheduler.after(random.between(0, delayMs), () => {
        if (!process.alive() && !sent) return;
        sent = true;
        const answer = arrive();
        if (world.mishap(duplicate)) scheduler.after(random.between(0, 5_000), () => void arrive());
        if (answer === undefined) return;
        if (world.mishap(answerLost)) {
          scheduler.after(answer.afterMs, () => fail(new Error('socket hang up')));
          return;
        }
        scheduler.after(answer.afterMs, () => {
          if (call.over) return;
          const reply = answer.status < 300 ? oracle.replied(call) : undefined;
          oracle.answered(call, answer.status, Number(answer.retryAfter ?? 0) * 1000);
          resolve(reply === undefined ? answer : { ...answer, status: 200, reply });
        });
      });
    });
}

function toResponse({ status, retryAfter, text, reply }: Answer): Response {
  if (reply !== undefined) {
    const headers = { 'content-type': 'application/json', 'ce-specversion': '1.0', ...reply.headers };
    return new Response(reply.body, { status, headers });
  }
  return new Response(status === 204 ? null : text, {
    status,
    ...(retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }),
  });
}

function phaseOf(phases: readonly Phase[], now: number): Phase['behaviour'] {
  return phases.findLast(({ from }) => from <= now)?.behaviour ?? 'well';
}

function toText(body: PostRequest['body']): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body ?? new Uint8Array());
}
