import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from '../command.ts';

/** A packaged CloudFormation template, of which every reference can be resolved as if it were deployed here. */
export interface Template {
  readonly stackName: string;
  /** Resources of a type, by their logical ids, with all references resolved. */
  resources(type: string): readonly Resource[];
  /** The logical id that a value refers to: `{ Ref }`, `{ Fn::GetAtt }`, or a text that `Fn::Join` makes of one. */
  resolve(value: unknown): unknown;
}

export interface Resource {
  readonly id: string;
  /** Resolved. */
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface TemplateOptions {
  readonly region: string;
  readonly account: string;
  /** Where the queues are: `Ref` of a queue is its URL. */
  readonly queueEndpoint: string;
}

interface Declared {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export const templateFile = 'cloudformation-template-update-stack.json';

/** @throws CommandError when the folder holds no package */
export async function readTemplate(folder: string, options: TemplateOptions): Promise<Template> {
  const path = join(folder, templateFile);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CommandError(`There is no packaged template at ${path}.`, {
      mend: 'Package it first: npm run build && npx serverless package',
      cause,
    });
  });
  return openTemplate(JSON.parse(text) as { Resources: Record<string, Declared> }, options);
}

export function openTemplate(
  { Resources: declared }: { readonly Resources: Readonly<Record<string, Declared>> },
  { region, account, queueEndpoint }: TemplateOptions,
): Template {
  const stackName = 'local';
  const pseudo: Readonly<Record<string, string>> = {
    'AWS::Region': region,
    'AWS::AccountId': account,
    'AWS::Partition': 'aws',
    'AWS::StackName': stackName,
    'AWS::URLSuffix': 'amazonaws.com',
  };

  function find(id: string): Declared {
    const found = declared[id];
    if (found === undefined) throw new CommandError(`The template refers to ${id}, which it does not have.`);
    return found;
  }

  /** What CloudFormation calls a resource that has no name of its own. */
  function nameOf(id: string): string {
    const { Type: type, Properties: properties = {} } = find(id);
    const member = nameMembers[type];
    const name = member === undefined ? undefined : properties[member];
    if (name !== undefined) return String(resolve(name));
    const isFifo = type === 'AWS::SQS::Queue' && properties['FifoQueue'] === true;
    // Bucket names are in lower case.
    const own = `${stackName}-${id}`;
    return type === 'AWS::S3::Bucket' ? own.toLowerCase() : `${own}${isFifo ? '.fifo' : ''}`;
  }

  function refer(id: string): string {
    const pseudoValue = pseudo[id];
    if (pseudoValue !== undefined) return pseudoValue;
    const { Type: type } = find(id);
    const name = nameOf(id);
    if (type === 'AWS::SQS::Queue') return `${queueEndpoint}/${account}/${name}`;
    if (type === 'AWS::SNS::Topic') return arnOf(id);
    return name;
  }

  function arnOf(id: string): string {
    const { Type: type } = find(id);
    const toArn = arns[type];
    return toArn === undefined ? `arn:aws:local:${region}:${account}:${id}` : toArn(nameOf(id), `${region}:${account}`);
  }

  function attribute(id: string, name: string): string {
    if (name === 'Arn') return arnOf(id);
    if (name === 'Name' || name === 'QueueName') return nameOf(id);
    if (name === 'QueueUrl') return refer(id);
    // Of what does not run here, such as the invoke address of a deployed API.
    return `${id}.${name}`;
  }

  function resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    const members = Object.entries(value as Record<string, unknown>);
    const [only] = members;
    if (members.length === 1 && only !== undefined && (only[0] === 'Ref' || only[0].startsWith('Fn::'))) {
      return call(...only);
    }
    return Object.fromEntries(members.map(([key, member]) => [key, resolve(member)]));
  }

  function call(name: string, inner: unknown): unknown {
    switch (name) {
      case 'Ref':
        return refer(String(inner));
      case 'Fn::GetAtt': {
        const [id = '', ...path] = Array.isArray(inner) ? inner.map(String) : String(inner).split('.');
        return attribute(id, path.join('.'));
      }
      case 'Fn::Join': {
        const [separator, parts] = inner as [string, unknown];
        return (resolve(parts) as unknown[]).join(separator);
      }
      case 'Fn::Sub': {
        const [text, given = {}] = (Array.isArray(inner) ? inner : [inner]) as [string, Record<string, unknown>?];
        return text.replaceAll(/\$\{([^}!]+)\}/g, (_whole, key: string) => {
          if (Object.hasOwn(given, key)) return String(resolve(given[key]));
          const [id = '', ...path] = key.split('.');
          return path.length === 0 ? refer(id) : attribute(id, path.join('.'));
        });
      }
      default:
        throw new CommandError(`The template uses ${name}, which the local runner does not know.`);
    }
  }

  return {
    stackName,
    resolve,
    resources: (type) =>
      Object.entries(declared)
        .filter(([, resource]) => resource.Type === type)
        .map(([id, { Properties: properties = {} }]) => ({
          id,
          properties: resolve(properties) as Record<string, unknown>,
        })),
  };
}

/** Where the template gives a resource its name. */
const nameMembers: Readonly<Record<string, string>> = {
  'AWS::SQS::Queue': 'QueueName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::Events::EventBus': 'Name',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Logs::LogGroup': 'LogGroupName',
};

const arns: Readonly<Record<string, (name: string, place: string) => string>> = {
  'AWS::SQS::Queue': (name, place) => `arn:aws:sqs:${place}:${name}`,
  'AWS::SNS::Topic': (name, place) => `arn:aws:sns:${place}:${name}`,
  'AWS::DynamoDB::Table': (name, place) => `arn:aws:dynamodb:${place}:table/${name}`,
  'AWS::S3::Bucket': (name) => `arn:aws:s3:::${name}`,
  'AWS::Events::EventBus': (name, place) => `arn:aws:events:${place}:event-bus/${name}`,
  'AWS::Lambda::Function': (name, place) => `arn:aws:lambda:${place}:function:${name}`,
};
