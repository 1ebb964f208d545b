import { TulleError } from '../../../event/error.ts';

/** The parts of an ARN, `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`. */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  /** What comes after the account, colons and slashes included. */
  readonly resource: string;
}

/** @throws TulleError `target_invalid` where the text is no ARN of that service. */
export function parseArn(text: string, service: string, place = '/arn'): Arn {
  const [, partition, found, region, account, resource] = shape.exec(text) ?? [];
  if (partition !== undefined && found === service && resource !== undefined) {
    return { partition, service, region: region ?? '', account: account ?? '', resource };
  }
  throw new TulleError('target_invalid', `This is no ARN of ${service}.`, {
    place,
    mend: `Copy it from the console of AWS: arn:aws:${service}:REGION:ACCOUNT:…`,
  });
}

/** The host that answers for a resource. */
export function hostOf({ partition, service }: Arn, region: string): string {
  return `${service}.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`;
}

/**
 * Whether the installation's own role may be used for a resource. Patterns are ARNs in which `*` stands for any text
 * without a colon.
 */
export function isAllowed(arn: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split('*');
    // Between fixed parts only what has no colon, so that no pattern reaches into another service, region or account.
    return new RegExp(`^${parts.map(escapeText).join('[^:]*')}$`).test(arn);
  });
}

/** `TULLE_AWS_TARGETS`: ARNs with `*`, separated by spaces. */
export function readAwsTargets(text = ''): readonly string[] {
  return text.split(/\s+/).filter((pattern) => pattern.startsWith('arn:'));
}

/** A region goes into host names: nothing else may. */
const shape =
  /^arn:(aws|aws-cn|aws-us-gov):([a-z0-9-]+):((?:[a-z]{2,4}-){1,3}[a-z]+-\d{1,2})?:(\d{12})?:([\w.:/$+=,@-]{1,1024})$/;

function escapeText(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
