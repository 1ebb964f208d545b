import { TulleError } from '../../event/error.ts';
import { type CompiledTransformer, defineTransformer, type RuleName } from './define-transformer.ts';
import { isoSeconds, toEnvelope } from './eventbridge-envelope.ts';
import { compileInputTemplate } from './input-template.ts';
import { parseJsonPath } from './json-path.ts';
import type { JsonObject } from './json-value.ts';
import { withJson, withRendered } from './rendered.ts';

/** Either `inputPath`, or `inputTemplate` with its `inputPathsMap`. */
export interface InputTransformerSpec {
  /** A JSONPath to what becomes the data. */
  readonly inputPath?: string;
  readonly inputPathsMap?: Readonly<Record<string, string>>;
  readonly inputTemplate?: string;
  /** Default: true. With `false` an event that EventBridge would silently never deliver is dropped. */
  readonly strict?: boolean;
}

const jsonPath = { type: 'string', minLength: 1, maxLength: 256 } as const;

/**
 * EventBridge's InputPath and InputTransformer on the event in EventBridge's envelope; paths may also go to the names
 * of CloudEvents (`$.data`, `$.type`). What the target would have received becomes the data: JSON, or plain text.
 */
export const inputTransformer = defineTransformer<InputTransformerSpec>({
  kind: 'inputTransformer',
  description:
    "Amazon EventBridge's InputPath and InputTransformer, such as { inputPathsMap: { id: $.detail.id }, inputTemplate: '{\"id\": <id>}' }",
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      inputPath: jsonPath,
      inputPathsMap: {
        type: 'object',
        maxProperties: 100,
        propertyNames: { pattern: '^[A-Za-z0-9_-]{1,256}$', not: { pattern: '^AWS' } },
        additionalProperties: jsonPath,
      },
      inputTemplate: { type: 'string', minLength: 1, maxLength: 8192 },
      strict: { type: 'boolean', default: true },
    },
  },
  writtenNumbers: true,
  compile({ inputPath, inputPathsMap, inputTemplate, strict = true }) {
    if ((inputPath === undefined) === (inputTemplate === undefined)) {
      throw onlyOne('Exactly one of inputPath and inputTemplate must be provided');
    }
    if (inputTemplate !== undefined) {
      return fillTemplate({ inputTemplate, strict, ...(inputPathsMap ? { inputPathsMap } : {}) });
    }
    if (inputPathsMap) throw onlyOne('inputPathsMap is for inputTemplate, not for inputPath');
    return takePath(inputPath ?? '', strict);
  },
});

function fillTemplate(spec: Parameters<typeof compileInputTemplate>[0]): CompiledTransformer {
  const render = compileInputTemplate(spec);
  return (event, { now, rule }) => {
    const envelope = toEnvelope(event, now);
    const reserved = { ruleArn: ruleArn(envelope, rule), ruleName: rule?.name ?? '', ingestionTime: isoSeconds(now) };
    const rendered = render(envelope, reserved, event);
    return rendered ? withRendered(event, rendered) : null;
  };
}

function takePath(inputPath: string, strict: boolean): CompiledTransformer {
  const path = parseJsonPath(inputPath);
  if (!path) {
    throw new TulleError('step_invalid', 'The path cannot be read', {
      place: '/inputPath',
      mend: 'Write $ and then .name, [0] or [*]: $.detail, $.detail.items[0].',
    });
  }
  return (event, { now }) => {
    const found = path.evaluate(toEnvelope(event, now));
    const value = found === undefined ? path.evaluate(event) : found;
    if (value !== undefined) return withJson(event, value);
    if (!strict) return null;
    throw new TulleError('step_failed', 'The path leads to nothing', {
      place: '/inputPath',
      mend: 'Filter for events that have it, or take more of the event.',
    });
  };
}

/** In the form of an ARN, so that what splits it at the colons finds the account and the rule where it looks for them. */
function ruleArn({ region = '', account = '' }: JsonObject, rule: RuleName | undefined): string {
  return `arn:tulle:events:${String(region)}:${String(account)}:rule/${rule?.bus ?? ''}/${rule?.name ?? ''}`;
}

function onlyOne(message: string): TulleError {
  return new TulleError('step_invalid', message, {
    place: '',
    mend: 'Give inputPath alone, or inputTemplate and, where it has variables, inputPathsMap.',
  });
}
