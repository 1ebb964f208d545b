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
    const text = write(toTree());
    output.document({ shell, text }, () => text);
  },
});

/** The second words by the first one. */
function toTree(): ReadonlyMap<string, readonly string[]> {
  const tree = new Map<string, string[]>();
  for (const { name } of commands) {
    const [noun = '', verb] = name.split(' ');
    const verbs = tree.get(noun) ?? [];
    tree.set(noun, verb === undefined ? verbs : [...verbs, verb]);
  }
  return tree;
}

const shells: Readonly<Record<string, (tree: ReadonlyMap<string, readonly string[]>) => string>> = {
  bash: (tree) => `_tulle() {
  local words=""
  if [ "$COMP_CWORD" -eq 1 ]; then words="${[...tree.keys()].join(' ')}"
  elif [ "$COMP_CWORD" -eq 2 ]; then
    case "\${COMP_WORDS[1]}" in
${cases(tree, (noun, verbs) => `      ${noun}) words="${verbs}" ;;`)}
    esac
  fi
  if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  else COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")); fi
}
complete -o filenames -F _tulle tulle`,

  zsh: (tree) => `#compdef tulle
_tulle() {
  if (( CURRENT == 2 )); then compadd ${[...tree.keys()].join(' ')}
  elif (( CURRENT == 3 )); then
    case "$words[2]" in
${cases(tree, (noun, verbs) => `      ${noun}) compadd ${verbs} ;;`)}
      *) _files ;;
    esac
  else _files; fi
}
compdef _tulle tulle`,

  fish: (tree) =>
    [
      `complete -c tulle -n __fish_use_subcommand -f -a '${[...tree.keys()].join(' ')}'`,
      cases(
        tree,
        (noun, verbs) =>
          `complete -c tulle -n '__fish_seen_subcommand_from ${noun}; and not __fish_seen_subcommand_from ${verbs}' -f -a '${verbs}'`,
      ),
    ].join('\n'),
};

function cases(tree: ReadonlyMap<string, readonly string[]>, line: (noun: string, verbs: string) => string): string {
  return [...tree]
    .filter(([, verbs]) => verbs.length > 0)
    .map(([noun, verbs]) => line(noun, verbs.join(' ')))
    .join('\n');
}
