import { expect } from 'vitest';
import { TulleError } from '../../event/error.ts';
import { compileJsonata } from '../../functions/jsonata/jsonata.ts';
import { describeVectors } from './report.ts';

interface Case {
  name: string;
  expr: string;
  data?: unknown;
  dataset?: string | null;
  bindings?: Record<string, unknown>;
  result?: unknown;
  undefinedResult?: boolean;
  code?: string;
  error?: unknown;
  token?: string;
  unordered?: boolean;
  timelimit?: number;
  depth?: number;
}

interface Vectors {
  datasets: Record<string, unknown>;
  groups: Record<string, Case[]>;
}

describeVectors('jsonata-suite.json', ({ datasets, groups }: Vectors, check) => {
  for (const cases of Object.values(groups)) {
    for (const one of cases) check(one.name, () => runCase(one, datasets));
  }
});

/** There is no `$eval`, on purpose. */
function usesEval(expr: string): boolean {
  return /\$eval\b/.test(expr);
}

function runCase(one: Case, datasets: Record<string, unknown>): void {
  if (usesEval(one.expr)) {
    expect(() => compileJsonata(one.expr)).toThrow(/\$eval/);
    return;
  }
  checkError(one, typeof one.dataset === 'string' ? datasets[one.dataset] : one.data);
  const wanted = outcomeOf(one);
  const found = outcome(one, typeof one.dataset === 'string' ? datasets[one.dataset] : one.data);
  if (one.unordered === true) expect(sorted(found)).toEqual(sorted(wanted));
  else expect(found).toEqual(wanted);
}

function outcomeOf({ result, undefinedResult, code, error }: Case): unknown {
  if (code !== undefined) return { error: code };
  if (error !== undefined) return { error: (error as { code?: string }).code };
  return undefinedResult === true ? undefined : result;
}

function outcome({ expr, bindings = {}, timelimit, depth }: Case, data: unknown): unknown {
  try {
    // As many steps as take some milliseconds less than the case allows.
    const limits = { sequence: 10_000_001, depth: depth ?? 500, text: 2_000_000 };
    const fuel = (timelimit ?? 1000) * 20_000;
    return compileJsonata(expr, { limits }).evaluate(data, {
      now: 1_700_000_000_000,
      random: Math.random,
      bindings,
      fuel,
    });
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    const code = /^([A-Z][0-9]{4}): /.exec(error.message)?.[1];
    // U1001 is the suite's own name for what its runner stops.
    return { error: code ?? (error.code === 'fuel_exhausted' ? 'U1001' : error.message) };
  }
}

/** The operator or function that failed, and what an expression says itself, are part of the message. */
function checkError(
  { expr, error, token = (error as { token?: string } | undefined)?.token }: Case,
  data: unknown,
): void {
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  const failing = () => compileJsonata(expr).evaluate(data, { now: 0, random: () => 0 });
  if (token !== undefined) expect(failing).toThrow(`(at ${token})`);
  if (code === 'D3137' || code === 'D3141') expect(failing).toThrow(`${code}: ${String(message)}`);
}

function sorted(value: unknown): unknown {
  return Array.isArray(value) ? value.map((item) => JSON.stringify(item)).sort() : value;
}
