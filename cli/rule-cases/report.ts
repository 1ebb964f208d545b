import { styleText } from 'node:util';
import { printable } from '../terminal/output.ts';

export interface CaseResult {
  readonly file: string;
  readonly name: string;
  readonly passed: boolean;
  /** What is not as expected. */
  readonly deviations: readonly string[];
  readonly milliseconds: number;
}

export function toReportText(results: readonly CaseResult[]): string {
  return results
    .flatMap(({ file, name, passed, deviations }) => {
      const sign = styleText(passed ? 'green' : 'red', passed ? 'ok  ' : 'FAIL', { stream: process.stdout });
      return [`${sign} ${printable(`${file}: ${name}`)}`, ...deviations.map((line) => `       ${printable(line)}`)];
    })
    .join('\n');
}

/** As CI systems read it: one suite a file. */
export function toJunit(results: readonly CaseResult[]): string {
  const suites = Array.from(
    Map.groupBy(results, ({ file }) => file),
    ([file, own]) => {
      const failures = own.filter(({ passed }) => !passed).length;
      const cases = own.map(({ name, deviations, milliseconds }) => {
        const open = `    <testcase name="${escape(name)}" classname="${escape(file)}" time="${milliseconds / 1_000}"`;
        if (deviations.length === 0) return `${open}/>`;
        const [first = ''] = deviations;
        return `${open}>\n      <failure message="${escape(first)}">${escape(deviations.join('\n'))}</failure>\n    </testcase>`;
      });
      const head = `  <testsuite name="${escape(file)}" tests="${own.length}" failures="${failures}">`;
      return [head, ...cases, '  </testsuite>'].join('\n');
    },
  );
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...suites, '</testsuites>', ''].join('\n');
}

function escape(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (sign) => names[sign] ?? '').replace(/[^\t\n -\uD7FF\uE000-\uFFFD]/g, '\u{FFFD}');
}
