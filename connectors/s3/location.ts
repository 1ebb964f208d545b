import { TulleError } from '../../event/error.ts';
import { checkTargetUrl } from '../../mesh/delivery/guard.ts';
import type { TargetPolicy } from '../../mesh/sink.ts';

/**
 * Where a bucket is: at Amazon, by its ARN and region, or wherever else S3 is spoken (R2, MinIO, Ceph), by the address of
 * the service and the bucket's name.
 */
export interface LocationOptions {
  readonly arn?: string;
  readonly endpoint?: string;
  readonly bucket?: string;
  readonly region?: string;
  /** The name of a connection with `basic`: its user name is the id of an access key, its password the secret. */
  readonly connection?: string;
}

export interface Location {
  /** What the keys of objects are appended to. */
  readonly url: string;
  /** As signatures have it. */
  readonly region: string;
  readonly bucket: string;
  /** With the installation's own credentials. */
  readonly usesRole: boolean;
}

export const locationSchema = {
  arn: { type: 'string', minLength: 16, maxLength: 100, description: 'of a bucket at Amazon: arn:aws:s3:::BUCKET' },
  endpoint: {
    type: 'string',
    minLength: 1,
    maxLength: 2_048,
    description:
      'instead of arn: the address of another service that speaks S3, such as https://ACCOUNT.r2.cloudflarestorage.com',
  },
  bucket: {
    type: 'string',
    pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$',
    description: 'with endpoint: the name of the bucket',
  },
  region: {
    type: 'string',
    pattern: '^[a-z0-9-]{1,32}$',
    description:
      'with arn: the region of the bucket; with endpoint what the service calls it, default auto, as R2 does',
  },
  connection: {
    type: 'string',
    minLength: 1,
    maxLength: 63,
    description:
      'a connection with basic: the id of an access key and its secret; only with arn it may be absent, for the role of the installation',
  },
} as const;

/** @throws TulleError `target_invalid` with the place */
export function locate(options: LocationOptions, policy: TargetPolicy): Location {
  const { arn, endpoint, bucket, connection } = options;
  if ((arn === undefined) === (endpoint === undefined)) {
    throw refused('/arn', 'A bucket is named by arn, or by endpoint and bucket.', 'Give one of them.');
  }
  if (arn !== undefined) return locateAtAmazon({ ...options, arn }, policy);
  if (bucket === undefined) throw refused('/bucket', 'The bucket has no name.', 'Say which one with bucket.');
  if (connection === undefined) {
    throw refused('/connection', 'Another service than Amazon needs an access key.', 'Name a connection with basic.');
  }
  const url = checkTargetUrl(endpoint ?? '', policy, '/endpoint');
  if (url.search !== '' || url.hash !== '') {
    throw refused('/endpoint', 'The address of the service has a query.', 'Write it as https://host.');
  }
  const base = url.href.replace(/\/+$/, '');
  return { url: `${base}/${bucket}/`, region: options.region ?? 'auto', bucket, usesRole: false };
}

function locateAtAmazon(
  { arn, bucket: named, region, connection }: LocationOptions & { readonly arn: string },
  { role }: TargetPolicy,
): Location {
  const [, partition = '', bucket = ''] = arnShape.exec(arn) ?? [];
  if (bucket === '' || named !== undefined) {
    throw refused('/arn', 'This is no ARN of a bucket.', 'Copy it from the console of AWS: arn:aws:s3:::BUCKET');
  }
  if (region === undefined) throw refused('/region', 'The ARN of a bucket names no region.', 'Say the region.');
  if (connection === undefined && role?.allows(arn) !== true) {
    throw refused(
      '/arn',
      'This installation may not be used for this resource.',
      'Name a connection with an access key of your own, or ask the operator to add it to TULLE_AWS_TARGETS.',
    );
  }
  const host = `${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`;
  // The certificate of Amazon is for one more label, and no dot in it.
  const amazon = bucket.includes('.') ? `https://s3.${host}/${bucket}/` : `https://${bucket}.s3.${host}/`;
  const own = connection === undefined ? role?.s3Endpoint : undefined;
  const url = own === undefined ? amazon : `${own.replace(/\/+$/, '')}/${bucket}/`;
  return { url, region, bucket, usesRole: connection === undefined };
}

const arnShape = /^arn:(aws|aws-cn|aws-us-gov):s3:::([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])$/;

function refused(place: string, message: string, mend: string): TulleError {
  return new TulleError('target_invalid', message, { place, mend });
}
