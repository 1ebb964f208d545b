/** What the mesh uses of the client: see `dynamo.ts`. */
export { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
