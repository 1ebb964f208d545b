import type { Noun } from '../client/configuration.ts';
import type { Command } from './command.ts';

/** A command before its file is loaded: `tulle --help` loads none. */
export interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
  /** One of those that every kind of document has: the overview names the kind alone. */
  readonly ofDocuments?: true;
}

export const commands: readonly Entry[] = [
  entry(
    'init',
    'Make a project that runs on this machine and deploys: configuration, a function, tests',
    async () => (await import('./init/command.ts')).init,
  ),
  entry(
    'dev',
    'Run Tulle on this machine, with a demo to play with',
    async () => (await import('./dev/command.ts')).dev,
  ),
  entry(
    'demo',
    'Publish real GitHub events and tell what became of each',
    async () => (await import('./demo/command.ts')).demo,
  ),
  entry(
    'test',
    'Try the rules of a folder on events, and compare with what is expected',
    async () => (await import('./rule-cases/command.ts')).test,
  ),
  entry(
    'publish',
    'Publish events from files, from the standard input, or from a folder that is watched',
    async () => (await import('./publish/command.ts')).publish,
  ),

  entry(
    'events list',
    'List the events that a bus has kept, newest first',
    async () => (await import('./events/list.ts')).list,
  ),
  entry(
    'events show',
    'Tell what became of an event: which rules took it, what each step made of it, and every attempt',
    async () => (await import('./events/show.ts')).show,
  ),
  entry(
    'events tail',
    'Show events as they come in, until Ctrl+C',
    async () => (await import('./events/tail.ts')).tail,
  ),
  entry(
    'listen',
    'Forward the events of an installation to a port of this machine, until Ctrl+C',
    async () => (await import('./listen/command.ts')).listen,
  ),

  entry(
    'apply',
    'Make the installation as a folder of YAML and JSON documents says, in one piece',
    async () => (await import('./configuration/apply.ts')).apply,
  ),
  entry(
    'diff',
    'Show how a folder of documents differs from what is there',
    async () => (await import('./configuration/diff.ts')).diff,
  ),
  ...resource('rules', 'rule', ' of a bus'),
  entry(
    'rules explain',
    'Say why rules took an event that was published, or would take one that is not, or do not',
    async () => (await import('./rules/explain.ts')).explain,
  ),
  entry('rules diff', 'The same as tulle diff', async () => (await import('./configuration/diff.ts')).rulesDiff),
  entry('rules apply', 'The same as tulle apply', async () => (await import('./configuration/apply.ts')).rulesApply),
  entry(
    'rules test',
    'Show what rules make of events, and the requests that would be sent; nothing is',
    async () => (await import('./rules/test.ts')).test,
  ),
  entry(
    'rules rollback',
    'Have everything again as it was after a change',
    async () => (await import('./rules/rollback.ts')).rollback,
  ),
  entry(
    'rules pause',
    'Send a target nothing for now; what is planned for it waits, in order',
    async () => (await import('./rules/pause.ts')).pause,
  ),
  entry('rules resume', 'Let a target that was paused go on', async () => (await import('./rules/pause.ts')).resume),
  ...resource('buses', 'bus'),
  ...resource('archives', 'archive', ' of a bus'),
  ...resource('connectors', 'connector', ' of a bus'),
  entry(
    'connectors tasks',
    'Show how far the tasks of a connector are, how far behind, and why they fail',
    async () => (await import('./tasks/tasks.ts')).tasks,
  ),
  entry(
    'connectors lag',
    'Show how far behind the connectors of a bus are',
    async () => (await import('./tasks/lag.ts')).lag,
  ),
  entry(
    'connectors verify',
    'Compare what a connector pulls with what a target has',
    async () => (await import('./tasks/verify.ts')).verify,
  ),
  entry(
    'connectors pause',
    'Pause a connector; what its tasks are at is stored',
    async () => (await import('./tasks/pause.ts')).pause,
  ),
  entry('connectors resume', 'Let a paused connector go on', async () => (await import('./tasks/resume.ts')).resume),
  entry('connectors run', 'Pull at once, whatever the schedule says', async () => (await import('./tasks/run.ts')).run),
  entry(
    'connectors restart',
    'Pull again from a position, or from the start',
    async () => (await import('./tasks/restart.ts')).restart,
  ),
  entry(
    'connectors quarantine',
    'List the records of a connector that could not become events, or throw them away',
    async () => (await import('./tasks/quarantine.ts')).quarantine,
  ),
  ...resource('connections', 'connection'),
  entry(
    'build',
    'Build the functions of AWS Lambda that serverless.yml deploys, with the functions of a project',
    async () => (await import('./lambda/command.ts')).build,
  ),
  entry(
    'functions new',
    'Make the file of a new function with its test, and put it into the list',
    async () => (await import('./compute/new.ts')).create,
  ),
  entry(
    'functions list',
    'List the functions that the rules of a bus may call, and where they run',
    async () => (await import('./compute/list.ts')).list,
  ),
  entry(
    'functions call',
    'Give an event to a function and print what it makes of it',
    async () => (await import('./compute/call.ts')).call,
  ),
  ...resource('functions', 'function').filter(({ name }) => name !== 'functions list'),
  ...resource('schemas', 'schema'),
  ...resource('secrets', 'secret'),
  ...resource('identities', 'identity'),

  entry(
    'dlq list',
    'List the dead letters of a bus, newest first, with the reason',
    async () => (await import('./dead-letters/list.ts')).list,
  ),
  entry(
    'dlq show',
    'Show one dead letter with its attempts and the event as it came in',
    async () => (await import('./dead-letters/show.ts')).show,
  ),
  entry(
    'dlq redrive',
    'Send dead letters again: one by its id, or all that match',
    async () => (await import('./dead-letters/redrive.ts')).redrive,
  ),
  entry(
    'dlq purge',
    'Throw dead letters away: one by its id, or all that match',
    async () => (await import('./dead-letters/purge.ts')).purge,
  ),

  entry(
    'replay start',
    'Deliver a time range of an archive once more',
    async () => (await import('./replays/start.ts')).start,
  ),
  entry(
    'replay list',
    'List the replays of a bus, newest first, and how far they are',
    async () => (await import('./replays/list.ts')).list,
  ),
  entry('replay show', 'Show how far a replay is', async () => (await import('./replays/show.ts')).show),
  entry(
    'replay cancel',
    'End a replay; what is in the queue is still delivered',
    async () => (await import('./replays/cancel.ts')).cancel,
  ),

  entry(
    'keys list',
    'List the API keys; the keys themselves are known to nobody',
    async () => (await import('./keys/list.ts')).list,
  ),
  entry(
    'keys create',
    'Make an API key; it is printed this once',
    async () => (await import('./keys/create.ts')).create,
  ),
  entry(
    'keys rotate',
    'Give an API key a new secret, which is printed this once; the old one ends after the overlap',
    async () => (await import('./keys/rotate.ts')).rotate,
  ),
  entry('keys revoke', 'Delete an API key, by its id', async () => (await import('./keys/revoke.ts')).revoke),

  entry(
    'tenants list',
    "List the tenants beside default, with the operator's own key",
    async () => (await import('./tenants/list.ts')).list,
  ),
  entry('tenants show', 'Show what a tenant has of its quotas', async () => (await import('./tenants/show.ts')).show),
  entry(
    'tenants set',
    'Create a tenant, or change its description and quotas',
    async () => (await import('./tenants/set.ts')).set,
  ),
  entry(
    'tenants add-key',
    'Make an API key of a tenant, such as its first; it is printed this once',
    async () => (await import('./tenants/add-key.ts')).addKey,
  ),
  entry(
    'tenants delete',
    'Delete a tenant with its keys, rules, secrets and events; its history of changes stays',
    async () => (await import('./tenants/delete.ts')).remove,
  ),

  entry(
    'audit list',
    'List what was changed, newest first: when, by which key, why, and what',
    async () => (await import('./audit/list.ts')).list,
  ),
  entry(
    'audit verify',
    'Check the chain of all changes, and print the hash of the last one',
    async () => (await import('./audit/verify.ts')).verify,
  ),

  entry(
    'status',
    'Show whether the changes of each bus have arrived',
    async () => (await import('./status.ts')).status,
  ),
  entry(
    'usage',
    'Show what there is of buses, rules, targets and keys, and the quotas of the tenant',
    async () => (await import('./usage.ts')).usage,
  ),
  entry(
    'books',
    'Show what became of every delivery that was ever planned, and whether the books balance',
    async () => (await import('./books.ts')).books,
  ),
  entry(
    'doctor',
    'Check what it takes to work with an installation: address, key, clock, configuration',
    async () => (await import('./doctor.ts')).doctor,
  ),
  entry(
    'signature sign',
    'Print the headers of a webhook, signed by Standard Webhooks with $TULLE_SIGNING_SECRET',
    async () => (await import('./signature/sign.ts')).sign,
  ),
  entry(
    'signature verify',
    'Verify a webhook signed by Standard Webhooks, with $TULLE_SIGNING_SECRET',
    async () => (await import('./signature/verify.ts')).verify,
  ),
  entry(
    'completion',
    'Print what makes a shell complete the commands: bash, zsh or fish',
    async () => (await import('./completion.ts')).completion,
  ),
];

function entry(name: string, summary: string, load: () => Promise<Command>): Entry {
  return { name, summary, load };
}

function resource(noun: Noun, kind: string, where = ''): Entry[] {
  return [
    entry(`${noun} list`, `List the ${noun}${where}`, async () =>
      (await import('./resources/list.ts')).listCommand(noun),
    ),
    entry(`${noun} show`, `Show one ${kind} as a document that can be applied again`, async () =>
      (await import('./resources/show.ts')).showCommand(noun),
    ),
    entry(`${noun} delete`, `Delete one ${kind}`, async () =>
      (await import('./resources/delete.ts')).deleteCommand(noun),
    ),
    entry(`${noun} history`, `List the versions of one ${kind}, newest first, with who and why`, async () =>
      (await import('./resources/history.ts')).historyCommand(noun),
    ),
  ].map((one) => ({ ...one, ofDocuments: true }));
}
