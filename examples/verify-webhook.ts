import { Webhook } from 'standardwebhooks';

/** Throws when the signature is wrong, or when the timestamp is more than five minutes off. */
export function receive(secret: string, headers: Record<string, string>, body: string): unknown {
  return new Webhook(secret).verify(body, headers);
}
