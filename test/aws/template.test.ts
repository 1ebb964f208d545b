import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, inject, it } from 'vitest';
import { buildLambda, lambdaEntries, startFiles } from '../../cli/lambda/build.ts';
import { templateFile } from '../../cli/lambda/template.ts';

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

const folder = inject('packageFolder');
const text = readFileSync(join(folder, templateFile), 'utf8');
const { Resources: resources } = JSON.parse(text) as { Resources: Record<string, Resource> };

function of(type: string): [string, Record<string, unknown>][] {
  return Object.entries(resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, { Properties: properties = {} }]) => [id, properties]);
}

describe('the packaged template', () => {
  it('is the one that was looked at', async () => {
    // What depends on the code and on the hour of the packaging.
    const fixed = text
      .replaceAll(/"(\w+LambdaVersion)\w+"/g, '"$1"')
      .replaceAll(/serverless\/tulle\/dev\/[^/]+\//g, 'serverless/tulle/dev/TIME/')
      .replaceAll(/"CodeSha256": "[^"]+"/g, '"CodeSha256": "HASH"');
    await expect(`${JSON.stringify(inOrder(JSON.parse(fixed)), null, 2)}\n`).toMatchFileSnapshot('template.snap');
  });

  it('has functions on arm64 and Node 24 whose code is in the package, logs that end, and tags', () => {
    const functions = of('AWS::Lambda::Function');
    expect(functions.map(([, { Handler: handler }]) => String(handler)).toSorted()).toEqual(
      lambdaEntries.map((entry) => `dist/aws/${entry}.handler`).toSorted(),
    );
    for (const [, properties] of functions) {
      expect(properties).toMatchObject({ Architectures: ['arm64'], Runtime: 'nodejs24.x' });
      expect(properties['Tags']).toContainEqual({ Key: 'service', Value: 'tulle' });
    }
    expect(of('AWS::Logs::LogGroup').map(([, { RetentionInDays: days }]) => days)).toEqual(functions.map(() => 14));
  });

  it('has queues whose messages stay with a batch for six times as long as its function may run', () => {
    for (const [, mapping] of of('AWS::Lambda::EventSourceMapping')) {
      const { Timeout: timeout = 0 } = (resources[idOf(mapping['FunctionName'])]?.Properties ?? {}) as {
        Timeout?: number;
      };
      const queue = resources[idOf(mapping['EventSourceArn'])]?.Properties ?? {};
      expect(queue['VisibilityTimeout']).toBeGreaterThanOrEqual(6 * timeout);
      expect(mapping['FunctionResponseTypes']).toEqual(['ReportBatchItemFailures']);
    }
  });

  it('keeps no secret: keys are resolved when it is deployed', () => {
    expect(text).not.toMatch(/"TULLE_(?:ADMIN|MASTER)_KEY": "(?!\{\{resolve:secretsmanager:)/);
  });

  it('has an alarm for messages that were set aside, for their age, and for throttling', () => {
    const alarms = of('AWS::CloudWatch::Alarm').map(([, { MetricName: metric, AlarmActions: actions }]) => {
      expect(actions).toEqual([{ Ref: 'Alarms' }]);
      return metric;
    });
    expect(new Set(alarms)).toEqual(
      new Set([
        'NumberOfMessagesReceived',
        'ApproximateNumberOfMessagesVisible',
        'ApproximateAgeOfOldestMessage',
        'Throttles',
        'WriteThrottleEvents',
        'Errors',
      ]),
    );
  });

  it('has nothing to complain of for cfn-lint', async ({ skip }) => {
    const run = promisify(execFile);
    const isThere = await run('cfn-lint', ['--version']).then(
      () => true,
      () => false,
    );
    if (!isThere) skip('cfn-lint is not installed (pip install cfn-lint): the template is not linted');
    // W3005: the packager's own DependsOn, where a reference says it already.
    await run('cfn-lint', ['--ignore-checks', 'W3005', '--template', join(folder, templateFile)]);
  }, 60_000);
});

describe('the bundles', () => {
  it('start with 300 KB at most, minified, and with no client of the SDK', async () => {
    const metafile = await buildLambda(join(folder, 'dist'));
    for (const entry of lambdaEntries) {
      const files = startFiles(metafile, entry);
      const inputs = files.flatMap((file) => Object.keys(file.inputs));
      expect(inputs.filter((path) => path.includes('@aws-sdk/client-'))).toEqual([]);
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
      console.log(`${entry}: ${bytes} bytes to start`);
      expect(bytes).toBeLessThanOrEqual(300_000);
    }
  }, 60_000);
});

/**
 * The permission that a call of the SDK needs. A call that is not here fails the test: look it up in the service
 * authorization reference, and give the roles what it needs.
 */
const permissions: Readonly<Record<string, string>> = {
  BatchGetItemCommand: 'dynamodb:BatchGetItem',
  BatchWriteItemCommand: 'dynamodb:BatchWriteItem',
  DeleteItemCommand: 'dynamodb:DeleteItem',
  GetItemCommand: 'dynamodb:GetItem',
  PutItemCommand: 'dynamodb:PutItem',
  QueryCommand: 'dynamodb:Query',
  UpdateItemCommand: 'dynamodb:UpdateItem',
  SendMessageCommand: 'sqs:SendMessage',
  // There is no permission of its own for batches.
  SendMessageBatchCommand: 'sqs:SendMessage',
  DeleteObjectCommand: 's3:DeleteObject',
  GetObjectCommand: 's3:GetObject',
  PutObjectCommand: 's3:PutObject',
};

/** The same of what targets and connectors call: the operator gives it, or a tenant's own key has it. */
const permissionsOfTargets: Readonly<Record<string, string>> = {
  DeleteMessageBatchCommand: 'sqs:DeleteMessage',
  InvokeCommand: 'lambda:InvokeFunction',
  PublishBatchCommand: 'sns:Publish',
  PutEventsCommand: 'events:PutEvents',
  PutItemCommand: 'dynamodb:PutItem',
  ReceiveMessageCommand: 'sqs:ReceiveMessage',
  SendMessageBatchCommand: 'sqs:SendMessage',
  StartExecutionCommand: 'states:StartExecution',
};

/** What the platform needs that runs a function: its logs, and the queue that it reads. */
const ofLambda = ['logs:CreateLogStream', 'logs:PutLogEvents'];
const ofQueues = ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'];

describe('the roles', () => {
  it('allow the calls that the code makes, and no others', () => {
    const calls = callsIn('adapters/aws', { recursive: false });
    expect(calls.length).toBeGreaterThan(5);
    for (const call of calls) expect(permissions, `${call} has no permission in this table`).toHaveProperty(call);
    const needed = calls.map((call) => permissions[call] ?? '');
    const readers = new Set(of('AWS::Lambda::EventSourceMapping').map(([, { FunctionName: name }]) => idOf(name)));
    for (const [id, { Role: role }] of of('AWS::Lambda::Function')) {
      const expected = [...needed, ...ofLambda, ...(readers.has(id) ? ofQueues : [])];
      expect(allowedBy(idOf(role)), id).toEqual([...new Set(expected)].toSorted());
    }
  });

  it('have nothing of what targets and connectors may call with keys of their own; the documents say what that is', () => {
    const calls = ['adapters/aws/sinks', 'adapters/aws/sources', 'connectors'].flatMap((folder) =>
      existsSync(folder) ? callsIn(folder, { recursive: true }) : [],
    );
    expect(calls.length).toBeGreaterThan(5);
    for (const call of calls) {
      expect(permissionsOfTargets, `${call} has no permission in this table`).toHaveProperty(call);
    }
    const said = readFileSync('docs/aws-targets.md', 'utf8');
    // S3 is asked without a client of the SDK: an object is put; a bucket is listed, and its objects are read.
    const ofS3 = ['s3:PutObject', 's3:ListBucket', 's3:GetObject'];
    for (const permission of [...Object.values(permissionsOfTargets), ...ofS3])
      expect(said).toContain(`\`${permission}\``);
    // Those that deliver and pull may be given managed policies, and no other.
    const given = of('AWS::IAM::Role').filter(([, { ManagedPolicyArns: arns }]) => arns !== undefined);
    expect(given.map(([id]) => id).toSorted()).toEqual(['DispatchRole', 'TickRole']);
    for (const [, { ManagedPolicyArns: arns }] of given) expect(arns).toEqual([]);
  });

  it('name their resources: no wildcard stands for all of a service', () => {
    for (const [id, { Policies: policies = [] }] of of('AWS::IAM::Role')) {
      for (const { Action: actions, Resource: resource } of statementsOf(policies)) {
        expect(resource, id).not.toBe('*');
        for (const action of [actions].flat()) expect(action, id).not.toContain('*');
      }
    }
  });
});

/** The calls of the SDK in the files of a folder. */
function callsIn(folder: string, { recursive }: { readonly recursive: boolean }): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .flatMap(({ parentPath, name }) => {
      const source = readFileSync(join(parentPath, name), 'utf8');
      return Array.from(source.matchAll(/\bnew (?:\w+\.)?(\w+Command)\(/g), ([, command = '']) => command);
    });
}

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

function allowedBy(role: string): string[] {
  const { Policies: policies } = resources[role]?.Properties ?? {};
  const actions = statementsOf(policies).flatMap(({ Action: actions }) => actions);
  return [...new Set(actions)].toSorted();
}

function statementsOf(policies: unknown): readonly Statement[] {
  return (policies as { PolicyDocument: { Statement: Statement[] } }[]).flatMap(
    ({ PolicyDocument: document }) => document.Statement,
  );
}

/** The packager hashes several functions at once, and writes them as they come. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, inOrder(member)]));
}

/** The logical id that a value refers to. */
function idOf(value: unknown): string {
  const { 'Fn::GetAtt': attribute, Ref: reference } = value as { 'Fn::GetAtt'?: string[] | string; Ref?: string };
  return reference ?? [attribute].flat()[0]?.split('.')[0] ?? '';
}
