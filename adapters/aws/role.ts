import type { InstallationRole } from '../../mesh/sink.ts';
import { isAllowed } from './sinks/arn.ts';

/**
 * The role of the function, or what the environment has: the SDK knows where to look. `allowed`: `TULLE_AWS_TARGETS`.
 */
export function createRole({ allowed }: { readonly allowed: readonly string[] }): InstallationRole {
  let provider: Promise<() => ReturnType<InstallationRole['keys']>> | undefined;
  async function open(): Promise<() => ReturnType<InstallationRole['keys']>> {
    const { S3Client } = await import('@aws-sdk/client-s3');
    // It renews what expires.
    return new S3Client({ region: 'us-east-1' }).config.credentials;
  }
  return {
    allows: (arn) => isAllowed(arn, allowed),
    async keys() {
      provider ??= open();
      const { accessKeyId, secretAccessKey, sessionToken } = await (await provider)();
      return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
    },
    s3Endpoint: process.env['AWS_ENDPOINT_URL_S3'] || process.env['AWS_ENDPOINT_URL'] || undefined,
  };
}
