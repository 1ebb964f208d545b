/** What the mesh uses of the client: see `dynamo.ts`. */
export { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
