import type { S3Client } from '@aws-sdk/client-s3';

/** The bucket of an installation: what is too large for an item of the table, or for a message of the queue. */
export interface Objects {
  put(key: string, bytes: Uint8Array): Promise<void>;
  get(key: string): Promise<Uint8Array | undefined>;
  delete(keys: readonly string[]): Promise<void>;
}

export function createObjects({
  bucket,
  client,
}: {
  readonly bucket: string;
  readonly client: () => Promise<S3Client>;
}): Objects {
  const sdk = () => import('./sdk/s3.ts');

  return {
    async put(key, bytes) {
      const [s3, { PutObjectCommand }] = await Promise.all([client(), sdk()]);
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }));
    },
    async get(key) {
      const [s3, { GetObjectCommand }] = await Promise.all([client(), sdk()]);
      try {
        const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return await body?.transformToByteArray();
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
        throw error;
      }
    },
    async delete(keys) {
      const [s3, { DeleteObjectCommand }] = await Promise.all([client(), sdk()]);
      await Promise.all(keys.map((key) => s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))));
    },
  };
}
