import { parseArgs, type ParseArgsConfig } from 'node:util';
import { type Command, usageError } from './command.ts';
import { findNearest } from './terminal/nearest.ts';
import { createOutput, type Output } from './terminal/output.ts';
import { helpColumns, toColumns, wrap } from './terminal/wrap.ts';
import { createSession, type Session } from './session.ts';

/** An option as `parseArgs` of Node takes it, and what the help says of it. */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly description: string;
  /** What stands for its value in the help. */
  readonly value?: string;
  readonly multiple?: true;
  readonly short?: string;
}

export type Options = Readonly<Record<string, Option>>;

/** Booleans are `false` and lists empty where they are not given, everything else is `undefined`. */
export type Values<Given extends Options> = {
  readonly [Name in keyof Given]: Given[Name] extends { readonly type: 'boolean' }
    ? boolean
    : Given[Name] extends { readonly multiple: true }
      ? readonly string[]
      : string | undefined;
};

export interface Call<Given extends Options> {
  readonly values: Values<Given>;
  /** What is no option, as many as the command takes. */
  readonly words: readonly string[];
  readonly session: Session;
  readonly output: Output;
}

export interface CommandDefinition<Given extends Options> {
  readonly name: string;
  readonly summary: string;
  /** `NAME` is needed, `[NAME]` is not, and `[NAME...]` may be many. */
  readonly words?: readonly string[];
  readonly options?: Given;
  /** It talks to a server. */
  readonly online?: boolean;
  /** It is about one bus: `--bus`. */
  readonly ofBus?: boolean;
  readonly details?: string;
  readonly examples: readonly string[];
  /** Answers the exit code, or nothing for 0. */
  run(call: Call<Given>): Promise<number | void>;
}

export function defineCommand<const Given extends Options = Options>(definition: CommandDefinition<Given>): Command {
  const { name, summary, online = true, ofBus = false } = definition;
  const options: Options = {
    ...definition.options,
    ...(ofBus ? busOption : {}),
    ...(online ? onlineOptions : {}),
    ...jsonOption,
  };
  return {
    name,
    summary,
    help: () => toHelp(definition, options),
    options: Object.keys(options),
    async run(args) {
      const config = Object.fromEntries(
        Object.entries(options).map(([option, { type, multiple = false, short }]) => [
          option,
          { type, multiple, ...(short === undefined ? {} : { short }) },
        ]),
      );
      const { values, positionals } = parse(definition, args, config);
      requireWords(definition, positionals);
      const given = Object.fromEntries(
        Object.entries(options).map(([option, { type, multiple }]) => [
          option,
          values[option] ?? (type === 'boolean' ? false : multiple === true ? [] : undefined),
        ]),
      );
      const session = createSession(given, process.env);
      const output = createOutput({ json: given['json'] === true });
      return (await definition.run({ values: given as Values<Given>, words: positionals, session, output })) ?? 0;
    },
  };
}

/** @throws CommandError for an option that it does not have, or one without its value */
function parse(
  { name }: { readonly name: string },
  args: readonly string[],
  options: NonNullable<ParseArgsConfig['options']>,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (!code.startsWith('ERR_PARSE_ARGS')) throw error;
    const more = `tulle ${name} --help says how it is called.`;
    const [, unknown] = /Unknown option '(-[^']+)'/.exec(message) ?? [];
    if (unknown === undefined) throw usageError(`${message.split('. ', 1).join('').replace(/\.$/, '')}.`, more);
    const nearest = findNearest(unknown.replace(/^-+/, ''), Object.keys(options));
    throw usageError(
      `There is no option ${unknown}.`,
      nearest === undefined ? more : `Did you mean --${nearest}? ${more}`,
    );
  }
}

const jsonOption: Options = {
  json: { type: 'boolean', description: 'print JSON: one document, or one a line where they come one after the other' },
};
const busOption: Options = {
  bus: { type: 'string', value: 'BUS', description: 'the bus (default default)', short: 'b' },
};
const onlineOptions: Options = {
  url: { type: 'string', value: 'URL', description: 'where the installation is (default $TULLE_URL)' },
  key: { type: 'string', value: 'KEY', description: 'an API key (default $TULLE_ADMIN_KEY, then $TULLE_KEY)' },
};

function requireWords(
  { name, words = [] }: Pick<CommandDefinition<Options>, 'name' | 'words'>,
  given: readonly string[],
) {
  const needed = words.filter((word) => !word.startsWith('['));
  const isOpen = words.at(-1)?.endsWith('...]') ?? false;
  if (given.length < needed.length) {
    throw usageError(`${needed[given.length]} is missing.`, `tulle ${name} --help says how it is called.`);
  }
  const extra = given[words.length];
  if (extra !== undefined && !isOpen) {
    throw usageError(`${extra} is one word too many.`, `tulle ${name} --help says how it is called.`);
  }
}

function toHelp(
  { name, summary, words = [], details, examples }: CommandDefinition<Options>,
  options: Options,
): string {
  const columns = helpColumns();
  const rows = Object.entries(options).map(([option, { value, type, short, description }]): [string, string] => {
    const letter = short === undefined ? '' : `-${short}, `;
    return [`${letter}--${option}${type === 'string' ? ` ${value ?? 'TEXT'}` : ''}`, description];
  });
  return [
    `Usage: ${['tulle', name, ...words].join(' ')} [options]`,
    '',
    ...wrap(`${summary}.${details === undefined ? '' : ` ${details}`}`, columns),
    '',
    ...toColumns(rows, columns),
    '',
    'Examples',
    ...examples.map((example) => `  $ ${example}`),
  ].join('\n');
}
