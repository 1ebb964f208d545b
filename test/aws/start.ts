import { fromEnvelope } from '../../adapters/aws/eventbridge-event.ts';
import type { Filter } from '../../functions/filter/filter.ts';
import { createRuleIndex } from '../../functions/filter/rule-index.ts';
import { type LambdaRunner, type LambdaRunnerOptions, startLambdaRunner } from '../../cli/lambda/runner.ts';

export const adminKey = 'admin-key-of-the-aws-test-suite';
export const masterKey = Buffer.from('master-key-of-the-test-suite-032').toString('base64');

/** The packaged service in the local runner; targets may be on this machine. */
export function startPackaged(
  packageFolder: string,
  options: Partial<Omit<LambdaRunnerOptions, 'package'>> = {},
): Promise<LambdaRunner> {
  return startLambdaRunner({
    package: packageFolder,
    port: 0,
    secrets: { adminKey, masterKey },
    matches: matchesPattern,
    // What AWS would say in CloudWatch Logs; silent where everything is well.
    log: (line) => console.error(line),
    ...options,
    env: { TULLE_ALLOW_PRIVATE_TARGETS: 'true', ...options.env },
  });
}

/** As EventBridge matches: the mesh's own patterns have the names of its envelope. */
export function matchesPattern(pattern: unknown, event: string): boolean {
  const index = createRuleIndex<'rule'>();
  index.add('rule', { eventbridge: pattern } as Filter);
  return index.match(fromEnvelope(event)).length > 0;
}
