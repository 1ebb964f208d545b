import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { startFauxqs } from 'fauxqs';
import type { Authorize } from '../../../mesh/connections/authorize.ts';

/** A service that speaks S3, on loopback, in this process. */
export interface Store {
  readonly port: number;
  readonly endpoint: string;
  createBucket(name: string): void;
  put(bucket: string, key: string, body: string | Uint8Array, more?: object): Promise<void>;
  keys(bucket: string): Promise<string[]>;
  get(bucket: string, key: string): Promise<{ readonly text: string; readonly contentType: string | undefined }>;
  stop(): Promise<void>;
}

export async function startStore(): Promise<Store> {
  const server = await startFauxqs({ port: 0, logger: false, host: '127.0.0.1' });
  const endpoint = `http://127.0.0.1:${server.port}`;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new S3Client({ region: 'us-east-1', credentials, endpoint, forcePathStyle: true });
  return {
    port: server.port,
    endpoint,
    createBucket: (name) => server.createBucket(name),
    async put(Bucket, Key, Body, more = {}) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
    },
    async keys(Bucket) {
      const { Contents: found = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
      return found.flatMap(({ Key: key }) => key ?? []);
    },
    async get(Bucket, Key) {
      const { Body: body, ContentType: contentType } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return { text: (await body?.transformToString()) ?? '', contentType };
    },
    async stop() {
      client.destroy();
      await server.stop();
    },
  };
}

/** A connection with an access key. */
export const authorize: Authorize = async (_name, request) => ({
  ...request,
  headers: { ...request.headers, authorization: `Basic ${btoa('AKIATENANT:secret-of-the-tenant')}` },
  hidden: [],
});
