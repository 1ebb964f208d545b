import type { Running, StateFolder } from './state.ts';

/** The server that runs on this state folder; `undefined` when there is none, or only the trace of one that died. */
export async function findRunning(state: StateFolder): Promise<Running | undefined> {
  const running = await state.running.read();
  if (running === undefined || !isAlive(running.processId)) return undefined;
  // Another program may have the process id by now: only an answer proves that it is Tulle.
  try {
    const response = await fetch(`${running.url}/healthz`, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok ? running : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}
