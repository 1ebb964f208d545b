import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { templateFile } from '../../cli/lambda/template.ts';

/** A package as `serverless package` leaves it: a template with one queue, its guard, and functions of the given code. */
export async function packageFixture(
  code: string,
  { timeoutSeconds = 1, concurrency = 2, memory = 128 } = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tulle-fixture-'));
  await writeFile(join(folder, 'fixture.zip'), zip('app.mjs', Buffer.from(code)));
  const fn = (handler: string, more = {}) => ({
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: `fixture-${handler}`,
      Handler: `app.${handler}`,
      Runtime: 'nodejs24.x',
      Timeout: timeoutSeconds,
      MemorySize: memory,
      Code: { S3Bucket: 'b', S3Key: 'serverless/fixture/fixture.zip' },
      Environment: {
        Variables: { QUEUE_URL: { Ref: 'Queue' }, SECRET: '{{resolve:secretsmanager:s:SecretString:adminKey}}' },
      },
      ...more,
    },
  });
  const template = {
    Resources: {
      HttpLambdaFunction: fn('http', { ReservedConcurrentExecutions: concurrency }),
      QueueLambdaFunction: fn('queue'),
      TickLambdaFunction: fn('tick'),
      Guard: { Type: 'AWS::SQS::Queue', Properties: {} },
      Queue: {
        Type: 'AWS::SQS::Queue',
        Properties: {
          VisibilityTimeout: timeoutSeconds,
          RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Guard', 'Arn'] }, maxReceiveCount: 2 },
        },
      },
      Mapping: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          BatchSize: 10,
          EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
          FunctionName: { 'Fn::GetAtt': ['QueueLambdaFunction', 'Arn'] },
          FunctionResponseTypes: ['ReportBatchItemFailures'],
        },
      },
      Schedule: {
        Type: 'AWS::Scheduler::Schedule',
        Properties: {
          ScheduleExpression: 'rate(1 minute)',
          Target: { Arn: { 'Fn::GetAtt': ['TickLambdaFunction', 'Arn'] }, Input: '{"by":"schedule"}' },
        },
      },
      Integration: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: { IntegrationUri: { 'Fn::GetAtt': ['HttpLambdaFunction', 'Arn'] }, PayloadFormatVersion: '2.0' },
      },
      Route: {
        Type: 'AWS::ApiGatewayV2::Route',
        Properties: { RouteKey: '$default', Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] } },
      },
    },
  };
  await writeFile(join(folder, templateFile), JSON.stringify(template));
  return folder;
}

/** One stored file. */
function zip(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt32LE(crc32(content), 14);
  header.writeUInt32LE(content.length, 18);
  header.writeUInt32LE(content.length, 22);
  header.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  header.copy(entry, 16, 14, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length + name.length, 12);
  end.writeUInt32LE(header.length + name.length + content.length, 16);
  return Buffer.concat([header, Buffer.from(name), content, entry, Buffer.from(name), end]);
}
