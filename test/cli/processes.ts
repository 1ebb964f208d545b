import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

interface Process {
  readonly id: number;
  readonly parent: number;
  readonly name: string;
}

/** The processes that `parent` started and what those started in turn. */
export function descendantsOf(parent: number, all: readonly Process[] = listProcesses()): Process[] {
  const children = all.filter((candidate) => candidate.parent === parent);
  return children.flatMap((child) => [child, ...descendantsOf(child.id, all)]);
}

/** Those of them that still run; a zombie that nobody has waited for does not. */
export function stillRunning(processes: readonly Process[]): Process[] {
  const ids = new Set(listProcesses().map(({ id }) => id));
  return processes.filter(({ id }) => ids.has(id));
}

/** From /proc where there is one: `ps` is missing in small containers. */
function listProcesses(): Process[] {
  const lines = existsSync('/proc/self/stat') ? fromProc() : fromPs();
  return lines.flatMap(({ state, ...process }) => (state.startsWith('Z') ? [] : [process]));
}

function fromProc(): (Process & { state: string })[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        // `pid (name) state ppid …`; the name may hold anything.
        const [, id, name = '', state = '', parent] =
          /^(\d+) \((.*)\) (\S) (\d+)/s.exec(readFileSync(`/proc/${entry}/stat`, 'utf8')) ?? [];
        return [{ id: Number(id), name, state, parent: Number(parent) }];
      } catch {
        // It ended while we looked.
        return [];
      }
    });
}

function fromPs(): (Process & { state: string })[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,state=,comm='], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => {
    const [id, parent, state = '', name = ''] = line.trim().split(/\s+/);
    return { id: Number(id), parent: Number(parent), state, name };
  });
}
