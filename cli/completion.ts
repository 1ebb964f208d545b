import { commands } from './commands.ts';
import { usageError } from './command.ts';
import { defineCommand } from './define-command.ts';

export const completion = defineCommand({
  name: 'completion',
  summary: 'Print what makes a shell complete the commands: bash, zsh or fish',
  online: false,
  words: ['SHELL'],
  examples: ['tulle completion bash >> ~/.bashrc', 'tulle completion fish > ~/.config/fish/completions/tulle.fish'],
  async run({ words: [shell = ''], output }) {
    const write = shells[shell];
    if (write === undefined) throw usageError(`${shell} is not known here.`, 'Give bash, zsh or fish.');
    const text = write(await readTree());
    output.document({ shell, text }, () => text);
  },
});

/** What can be completed. */
interface Tree {
  /** The second words by the first one; a command of one word has none. */
  readonly verbs: ReadonlyMap<string, readonly string[]>;
  /** Commands that take the same options, such as `--bus --json`. */
  readonly options: readonly { readonly names: readonly string[]; readonly options: string }[];
}

async function readTree(): Promise<Tree> {
  const verbs = new Map<string, string[]>();
  for (const { name } of commands) {
    const [noun = '', verb] = name.split(' ');
    const known = verbs.get(noun) ?? [];
    verbs.set(noun, verb === undefined ? known : [...known, verb]);
  }
  const loaded = await Promise.all(commands.map(({ load }) => load()));
  const groups = Map.groupBy(loaded, ({ options }) =>
    [...options, 'help']
      .sort()
      .map((option) => `--${option}`)
      .join(' '),
  );
  return {
    verbs,
    options: Array.from(groups, ([options, group]) => ({ names: group.map(({ name }) => name), options })),
  };
}

const shells: Readonly<Record<string, (tree: Tree) => string>> = {
  bash: ({ verbs, options }) => `_tulle() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then words="${[...verbs.keys()].join(' ')}"
  elif [[ "$current" == -* ]]; then
    case "\${COMP_WORDS[1]} \${COMP_WORDS[2]}" in
${toPatterns(options, (patterns, own) => `      ${patterns}) words="${own}" ;;`)}
    esac
  elif [ "$COMP_CWORD" -eq 2 ]; then
    case "\${COMP_WORDS[1]}" in
${toCases(verbs, (noun, own) => `      ${noun}) words="${own}" ;;`)}
    esac
  fi
  if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$current"))
  else COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _tulle tulle`,

  zsh: ({ verbs, options }) => `#compdef tulle
_tulle() {
  if (( CURRENT == 2 )); then compadd -- ${[...verbs.keys()].join(' ')}
  elif [[ "$words[CURRENT]" == -* ]]; then
    case "$words[2] $words[3]" in
${toPatterns(options, (patterns, own) => `      ${patterns}) compadd -- ${own} ;;`)}
    esac
  elif (( CURRENT == 3 )); then
    case "$words[2]" in
${toCases(verbs, (noun, own) => `      ${noun}) compadd -- ${own} ;;`)}
      *) _files ;;
    esac
  else _files; fi
}
compdef _tulle tulle`,

  fish: ({ verbs, options }) =>
    [
      `complete -c tulle -n __fish_use_subcommand -f -a '${[...verbs.keys()].join(' ')}'`,
      toCases(
        verbs,
        (noun, own) =>
          `complete -c tulle -n '__fish_seen_subcommand_from ${noun}; and not __fish_seen_subcommand_from ${own}' -f -a '${own}'`,
      ),
      ...options.flatMap(({ names, options: own }) =>
        names.map((name) => {
          const seen = name.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
          return `complete -c tulle -n '${seen.join('; and ')}' ${own.replaceAll('--', '-l ')}`;
        }),
      ),
    ].join('\n'),
};

function toCases(verbs: Tree['verbs'], line: (noun: string, verbs: string) => string): string {
  return [...verbs]
    .filter(([, own]) => own.length > 0)
    .map(([noun, own]) => line(noun, own.join(' ')))
    .join('\n');
}

/** As `case` has them, of the first two words; behind a command of one word anything may stand. */
function toPatterns(options: Tree['options'], line: (patterns: string, options: string) => string): string {
  const toPattern = (name: string): string => (name.includes(' ') ? `"${name}"` : `"${name} "*`);
  return options.map(({ names, options: own }) => line(names.map(toPattern).join('|'), own)).join('\n');
}
