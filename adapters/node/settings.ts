import { readFileSync } from 'node:fs';
import { TulleError } from '../../event/error.ts';
import { readAwsTargets } from '../aws/sinks/arn.ts';
import { adminKeyMinLength } from '../../mesh/authentication.ts';
import { checkMasterKeys, type MasterKeys } from '../../mesh/connections/vault.ts';

/** How a process is to run, as its environment says. */
export interface Settings {
  /** `TULLE_ADMIN_KEY`, or the content of the file that `TULLE_ADMIN_KEY_FILE` names: 24 characters or more. */
  readonly adminKey: string;
  /** `TULLE_HOST`, default 127.0.0.1: only programs on this machine; 0.0.0.0 for a container. */
  readonly host: string;
  /** `PORT`, default 8787. */
  readonly port: number;
  /** `TULLE_DATA`, default `.tulle/data`: the folder of the databases, on a disk that keeps what is synced. */
  readonly dataFolder: string;
  /** Where several processes share everything; without it all is in `dataFolder`, which is one process's alone. */
  readonly postgres?: PostgresSettings | undefined;
  /** `TULLE_SECRETS`: a folder with one file a secret. */
  readonly secretsFolder: string | undefined;
  /** `TULLE_MASTER_KEY` and `TULLE_MASTER_KEY_PREVIOUS`, or the contents of the files that `…_FILE` names. */
  readonly masterKeys?: MasterKeys | undefined;
  /** `TULLE_ALLOW_PRIVATE_TARGETS`, `true` for development only. */
  readonly allowPrivateTargets: boolean;
  /** `TULLE_AWS_TARGETS`: ARNs with `*` that targets may name without keys of their own; none by default. */
  readonly awsTargets?: readonly string[] | undefined;
  /** `TULLE_SHUTDOWN_SECONDS`, default 20: how long a shutdown waits for what is under way. */
  readonly shutdownMs: number;
  /** `TULLE_CONNECTOR_TASKS`, default 200: the most tasks of connectors that this process takes; 0 for none. */
  readonly connectorTasks: number;
}

export interface PostgresSettings {
  /** `TULLE_POSTGRES_URL`, or the content of the file that `TULLE_POSTGRES_URL_FILE` names. */
  readonly url: string;
  /** `TULLE_POSTGRES_SCHEMA`, default `tulle`: what the tables are in. */
  readonly schema: string;
  /** `TULLE_POSTGRES_CONNECTIONS`, default 8; one more listens. */
  readonly connections: number;
}

/** @throws TulleError `request_invalid` with the name of the variable as its place. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  return {
    adminKey: readAdminKey(env),
    host: env['TULLE_HOST'] ?? '127.0.0.1',
    port: readNumber(env, 'PORT', 8787, 65_535),
    dataFolder: env['TULLE_DATA'] ?? '.tulle/data',
    postgres: readPostgres(env),
    secretsFolder: env['TULLE_SECRETS'],
    masterKeys: readMasterKeys(env),
    allowPrivateTargets: readFlag(env, 'TULLE_ALLOW_PRIVATE_TARGETS'),
    awsTargets: readAwsTargets(env['TULLE_AWS_TARGETS']),
    shutdownMs: readNumber(env, 'TULLE_SHUTDOWN_SECONDS', 20, 600) * 1000,
    connectorTasks: readNumber(env, 'TULLE_CONNECTOR_TASKS', 200, 10_000),
  };
}

/** On Workers every door stays shut without the key; a process that nobody can use need not run. */
function readAdminKey(env: Readonly<Record<string, string | undefined>>): string {
  const file = env['TULLE_ADMIN_KEY_FILE'];
  const key = file === undefined ? env['TULLE_ADMIN_KEY'] : readFileSync(file, 'utf8').trim();
  if (key === undefined || key === '') {
    throw invalid('TULLE_ADMIN_KEY', 'is not set', 'Set it to a random text, such as `openssl rand -hex 24` prints.');
  }
  if (key.length < adminKeyMinLength) {
    throw invalid('TULLE_ADMIN_KEY', 'is too short', `Use at least ${adminKeyMinLength} characters.`);
  }
  return key;
}

function readPostgres(env: Readonly<Record<string, string | undefined>>): PostgresSettings | undefined {
  const file = env['TULLE_POSTGRES_URL_FILE'];
  const url = (file === undefined ? (env['TULLE_POSTGRES_URL'] ?? '') : readFileSync(file, 'utf8')).trim();
  if (url === '') return undefined;
  // Not shown: it holds the password.
  if (!/^postgres(?:ql)?:\/\/./.test(url)) {
    throw invalid(
      'TULLE_POSTGRES_URL',
      'is not the address of a database',
      'Use postgres://USER:PASSWORD@HOST/DATABASE.',
    );
  }
  const schema = env['TULLE_POSTGRES_SCHEMA'] ?? 'tulle';
  if (!/^[a-z_][a-z0-9_]{0,47}$/.test(schema)) {
    throw invalid('TULLE_POSTGRES_SCHEMA', 'is no name for a schema', 'Use lower-case letters, digits and _.');
  }
  const connections = readNumber(env, 'TULLE_POSTGRES_CONNECTIONS', 8, 1_000);
  if (connections >= 2) return { url, schema, connections };
  throw invalid('TULLE_POSTGRES_CONNECTIONS', 'is too small', 'Use 2 or more.');
}

/** Without one no secret can be stored; one that is wrong would be noticed by the first delivery only. */
function readMasterKeys(env: Readonly<Record<string, string | undefined>>): MasterKeys | undefined {
  const read = (name: string): string | undefined => {
    const file = env[`${name}_FILE`];
    return file === undefined ? env[name] : readFileSync(file, 'utf8').trim();
  };
  const keys = { current: read('TULLE_MASTER_KEY'), previous: read('TULLE_MASTER_KEY_PREVIOUS') };
  checkMasterKeys(keys);
  return keys.current === undefined && keys.previous === undefined ? undefined : keys;
}

function readNumber(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  standard: number,
  max: number,
): number {
  const text = env[name];
  if (text === undefined || text === '') return standard;
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= max) return value;
  throw invalid(name, 'is not a number that can be used', `Use a whole number from 0 to ${max}.`);
}

function readFlag(env: Readonly<Record<string, string | undefined>>, name: string): boolean {
  const text = env[name] ?? '';
  if (text === 'true' || text === 'false' || text === '') return text === 'true';
  throw invalid(name, 'is neither true nor false', 'Set it to true, or leave it out.');
}

function invalid(place: string, why: string, mend: string): TulleError {
  return new TulleError('request_invalid', `${place} ${why}.`, { place, mend });
}
