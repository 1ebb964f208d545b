export { type Client, type ClientOptions, createClient } from '../client/client.ts';
export { collect } from '../client/collect.ts';
export { TulleRequestError } from '../client/error.ts';
export type { CloudEvent, EventInput } from '../client/event.ts';
export { PublishError } from '../client/publish.ts';
export { SignatureError, signMessage, verifySignature } from '../client/signature.ts';
