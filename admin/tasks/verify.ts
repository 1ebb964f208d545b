import { TulleError } from '../../event/error.ts';
import type { VerifyOrder } from '../../mesh/connector/verify.ts';
import { readJson } from '../../mesh/protocols/json-body.ts';
import { toConnectorSettings } from '../resources/connector.ts';
import { nameSchema } from '../resources/name.ts';
import type { Methods, Services } from '../services.ts';
import { fillDefaults, findFaults, throwFaults } from '../validation.ts';
import { findConnector } from './endpoint.ts';

export const verifySchema = {
  type: 'object',
  properties: {
    rule: { ...nameSchema, description: 'the rule that the events of the connector go through' },
    target: { ...nameSchema, description: 'its target, which the source is compared with' },
    side: {
      enum: ['source', 'target'],
      default: 'source',
      description:
        'source: goes through the keys of the source, and finds what is missing and what is different; target: through those of the target, and finds what is extra',
    },
    after: { type: 'string', maxLength: 4_096, description: 'goes on after this key: `next` of the last page' },
    limit: { type: 'integer', minimum: 1, maximum: 1_000, default: 500, description: 'keys on a page' },
    keys: {
      type: 'array',
      minItems: 1,
      maxItems: 1_000,
      items: { type: 'string', maxLength: 4_096 },
      description: 'instead of a page: only these keys',
    },
  },
  required: ['rule', 'target'],
  additionalProperties: false,
} as const;

/** POST `…/connectors/{connector}/verify`: a page of what is not the same at both ends. Nothing is changed. */
export function connectorVerification(services: Services): Methods {
  return {
    async POST(call) {
      const order = await readJson(call.request);
      throwFaults(findFaults(verifySchema, order));
      const { tenant, document, revision } = await findConnector(services, call);
      if (services.verify === undefined) {
        throw new TulleError('request_invalid', 'Nothing can be compared on this platform.');
      }
      const home = { tenant, bus: document.bus, connector: document.name };
      const settings = toConnectorSettings(document, revision);
      return Response.json(await services.verify(home, settings, fillDefaults(verifySchema, order) as VerifyOrder));
    },
  };
}
