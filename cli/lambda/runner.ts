import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { CommandError } from '../command.ts';
import { startEmulators } from './emulators.ts';
import { type EventBuses, type PatternMatcher, startEventBuses } from './event-bus.ts';
import { createFunction, type LambdaFunction, TooManyRequests } from './function.ts';
import { type Gateway, openGateway } from './gateway.ts';
import { type QueuePoller, startQueuePoller } from './queue-poller.ts';
import type { Refusal } from './refusals.ts';
import { account, createClients, createStack, credentials, type StackClients } from './stack.ts';
import { readTemplate, type Resource, type Template } from './template.ts';
import { unzip } from './zip.ts';

/** A packaged service on this machine: its template's resources in emulators, its functions in processes of their own. */
export interface LambdaRunner {
  /** Of the HTTP API. */
  readonly url: string;
  readonly template: Template;
  readonly clients: StackClients;
  readonly buses: EventBuses;
  /** What AWS would have refused, and the emulators would have taken. */
  readonly refused: readonly Refusal[];
  /** What points the SDK at the emulators: variables of every function's environment. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** By its key in serverless.yml. */
  readonly functions: ReadonlyMap<string, LambdaFunction>;
  /** Runs what is scheduled now, once. */
  tick(): Promise<void>;
  stop(): Promise<void>;
}

export interface LambdaRunnerOptions {
  /** Where `serverless package` has put the template and the code. */
  readonly package: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** What `{{resolve:secretsmanager:NAME:SecretString:KEY}}` stands for, by `KEY`. */
  readonly secrets: Readonly<Record<string, string>>;
  /** For every function, beside what the template gives it. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the emulators keep what they hold; without it, it dies with them. */
  readonly storage?: string;
  /** See `EnvironmentOptions`; default true. */
  readonly freeze?: boolean;
  /** How long a message stays with a batch that crashed, in place of the template's minutes: a test does not wait for them. */
  readonly visibilitySeconds?: number;
  /** Environments of a function at a time; default 16, of AWS's 1,000. Further invocations wait. */
  readonly environments?: number;
  readonly matches: PatternMatcher;
  readonly log: (line: string) => void;
}

const region = 'eu-west-1';
/** After its first try, as EventBridge and asynchronous invocations do; here without the minutes in between. */
const ASYNC_TRIES = 3;
/** Lambda's limit for all variables of a function together. */
const envMaxBytes = 4_096;

export async function startLambdaRunner(options: LambdaRunnerOptions): Promise<LambdaRunner> {
  const { log } = options;
  const folder = await mkdtemp(join(tmpdir(), 'tulle-lambda-'));
  const closing: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true, maxRetries: 3 })];
  async function stop(): Promise<void> {
    for (const close of closing.splice(0).reverse()) await close();
  }

  try {
    const emulators = await startEmulators(region, options.storage);
    closing.push(() => emulators.stop());
    const { gate, dynamoUrl } = emulators;
    const template = await readTemplate(options.package, { region, account, queueEndpoint: gate.url });
    const clients = createClients(region, emulators);
    await createStack(template, clients, options);

    const byArn = new Map<string, LambdaFunction>();
    async function deliver(arn: string, event: string): Promise<void> {
      const target = byArn.get(arn);
      if (target !== undefined) await invokeAgainAndAgain(target, JSON.parse(event), log);
      else if (!arn.startsWith('arn:aws:sqs:')) log(`there is nothing with the ARN ${arn}`);
      else {
        await clients.sqs.send(new SendMessageCommand({ QueueUrl: toQueueUrl(gate.url, arn), MessageBody: event }));
      }
    }
    function deliverLater(arn: string, event: string): void {
      deliver(arn, event).catch((error: unknown) => log(String(error)));
    }
    const buses = await startEventBuses({
      region,
      account,
      rules: template.resources('AWS::Events::Rule'),
      matches: options.matches,
      deliver: deliverLater,
    });
    closing.push(() => buses.stop());

    const endpoints = {
      ...credentialsEnv,
      AWS_REGION: region,
      AWS_ENDPOINT_URL_SQS: gate.url,
      AWS_ENDPOINT_URL_S3: gate.url,
      AWS_ENDPOINT_URL_SNS: gate.url,
      AWS_ENDPOINT_URL_DYNAMODB: dynamoUrl,
      AWS_ENDPOINT_URL_EVENTBRIDGE: buses.url,
    };
    const functions = new Map<string, LambdaFunction>();
    const code = createCode(options.package, folder);
    for (const resource of template.resources('AWS::Lambda::Function')) {
      const key = keyOf(resource.id);
      const target = await openFunction(resource, {
        template,
        key,
        code,
        env: { ...endpoints, ...options.env },
        options,
      });
      closing.push(() => target.stop());
      functions.set(key, target);
      byArn.set(target.arn, target);
    }

    const pollers: QueuePoller[] = [];
    for (const { properties } of template.resources('AWS::Lambda::EventSourceMapping')) {
      const target = byArn.get(String(properties['FunctionName']));
      if (target === undefined) throw new CommandError('An event source mapping names a function that is not there.');
      const arn = String(properties['EventSourceArn']);
      const { MaximumConcurrency: most = MOST_BATCHES } = (properties['ScalingConfig'] ?? {}) as {
        MaximumConcurrency?: number;
      };
      if (most < 2 || most > 1_000) throw new CommandError(`MaximumConcurrency is ${most}; AWS takes 2 to 1000.`);
      pollers.push(
        startQueuePoller({
          sqs: clients.pollers,
          queueUrl: toQueueUrl(emulators.sqsUrl, arn),
          queueArn: arn,
          region,
          batchSize: Number(properties['BatchSize'] ?? 10),
          concurrency: Math.min(most, MOST_BATCHES),
          partial: ((properties['FunctionResponseTypes'] ?? []) as string[]).includes('ReportBatchItemFailures'),
          target,
          log,
        }),
      );
    }
    closing.push(async () => {
      // A batch that is out is not waited for longer than its environment may take to notice.
      for (const target of functions.values()) target.killWorking();
      await Promise.all(pollers.map((poller) => poller.stop()));
    });

    const scheduled = template.resources('AWS::Scheduler::Schedule').map(({ properties }) => ({
      everyMs: readRate(String(properties['ScheduleExpression'])),
      target: properties['Target'] as { readonly Arn: string; readonly Input?: string },
    }));
    const clocks = scheduled.map(({ everyMs, target }) =>
      setInterval(() => deliverLater(target.Arn, target.Input ?? '{}'), everyMs),
    );
    closing.push(() => clocks.forEach((clock) => clearInterval(clock)));

    const gateway: Gateway = await openGateway({
      port: options.port,
      account,
      routes: readRoutes(template, byArn),
    });
    closing.push(() => gateway.stop());
    return {
      url: gateway.url,
      template,
      clients,
      buses,
      refused: gate.refused,
      endpoints,
      functions,
      async tick() {
        await Promise.all(
          scheduled.map(async ({ target: { Arn: arn, Input: input = '{}' } }) => {
            const done = await byArn.get(arn)?.invoke(JSON.parse(input));
            if (done?.ok === false) throw new Error(done.errorMessage);
          }),
        );
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Invocations of a function at a time where its template sets no bound: those of an account. */
const defaultConcurrency = 1_000;
const defaultEnvironments = 16;
/** Batches of a queue at a time: this is one machine. */
const MOST_BATCHES = 4;
const credentialsEnv = {
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
};

function toQueueUrl(endpoint: string, arn: string): string {
  return `${endpoint}/${account}/${arn.slice(arn.lastIndexOf(':') + 1)}`;
}

/** `DispatchLambdaFunction` is `dispatch` in serverless.yml. */
function keyOf(id: string): string {
  const name = id.replace(/LambdaFunction$/, '');
  return name.charAt(0).toLowerCase() + name.slice(1);
}

async function openFunction(
  { id, properties }: Resource,
  context: {
    readonly template: Template;
    readonly key: string;
    readonly code: (s3Key: string) => Promise<string>;
    readonly env: Readonly<Record<string, string>>;
    readonly options: LambdaRunnerOptions;
  },
): Promise<LambdaFunction> {
  const { template, key, code, env, options } = context;
  const { S3Key: s3Key } = properties['Code'] as { S3Key: string };
  const { Variables: given = {} } = (properties['Environment'] ?? {}) as { Variables?: Record<string, unknown> };
  const variables = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, resolveSecrets(String(value), options.secrets)]),
  );
  const bytes = Buffer.byteLength(Object.entries(variables).flat().join(''));
  if (bytes > envMaxBytes) throw new CommandError(`The variables of ${key} have ${bytes} bytes; AWS takes 4,096.`);
  const { FunctionName: name = id } = properties as { FunctionName?: string };
  const memory = Number(properties['MemorySize'] ?? 128);
  return createFunction({
    name,
    arn: String(template.resolve({ 'Fn::GetAtt': [id, 'Arn'] })),
    handler: String(properties['Handler']),
    folder: await code(s3Key),
    env: {
      ...variables,
      ...env,
      TZ: ':UTC',
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memory),
      AWS_EXECUTION_ENV: `AWS_Lambda_${String(properties['Runtime'])}`,
    },
    timeoutSeconds: Number(properties['Timeout'] ?? 3),
    memoryMegabytes: memory,
    concurrency: Number(properties['ReservedConcurrentExecutions'] ?? defaultConcurrency),
    environments: options.environments ?? defaultEnvironments,
    freeze: options.freeze ?? true,
    log: options.log,
  });
}

/** Unpacks each zip once, and answers where. */
function createCode(packageFolder: string, folder: string): (s3Key: string) => Promise<string> {
  const unpacked = new Map<string, Promise<string>>();
  return (s3Key) => {
    const name = basename(s3Key);
    const present = unpacked.get(name);
    if (present !== undefined) return present;
    const target = join(folder, name);
    const unpacking = unzip(join(packageFolder, name), target).then(() => target);
    unpacked.set(name, unpacking);
    return unpacking;
  };
}

function resolveSecrets(text: string, secrets: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{resolve:secretsmanager:[^:}]*:SecretString:([^:}]*)[^}]*\}\}/g, (_whole, key: string) => {
    const value = secrets[key];
    if (value === undefined) throw new CommandError(`The template asks for the secret ${key}, which was not given.`);
    return value;
  });
}

function readRoutes(template: Template, byArn: ReadonlyMap<string, LambdaFunction>) {
  const integrations = new Map(
    template.resources('AWS::ApiGatewayV2::Integration').map(({ id, properties }) => [id, properties]),
  );
  return template.resources('AWS::ApiGatewayV2::Route').map(({ properties }) => {
    const integration = integrations.get(
      String(properties['Target'])
        .replace(/^integrations\//, '')
        .replace('local-', ''),
    );
    const target = byArn.get(String(integration?.['IntegrationUri']));
    if (target === undefined) throw new CommandError(`The route ${String(properties['RouteKey'])} has no function.`);
    if (integration?.['PayloadFormatVersion'] !== '2.0') throw new CommandError('Only payload format 2.0 runs here.');
    return { key: String(properties['RouteKey']), target };
  });
}

/** `rate(1 minute)` in milliseconds. */
export function readRate(expression: string): number {
  const [, value, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const milliseconds = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }[unit as 'minute'];
  if (value === undefined) throw new CommandError(`The local runner knows no schedule like ${expression}.`);
  return Number(value) * milliseconds;
}

async function invokeAgainAndAgain(target: LambdaFunction, event: unknown, log: (line: string) => void): Promise<void> {
  for (let attempt = 1; attempt <= ASYNC_TRIES;) {
    try {
      const done = await target.invoke(event);
      if (done.ok) return;
      log(`${target.name}: attempt ${attempt} failed: ${done.errorMessage}`);
      attempt += 1;
      await pause(100 * attempt);
    } catch (error) {
      // Throttled invocations wait, and are no attempts.
      if (!(error instanceof TooManyRequests)) throw error;
      await pause(100);
    }
  }
  log(`${target.name}: the event was given up after ${ASYNC_TRIES} attempts`);
}
