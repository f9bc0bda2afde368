// `labs completion bash`: prints a bash script that completes commands, options, labs, machines and pods.
import { ExitCode, LabError } from '../../../kit/error.ts';
import { type CommandSpec, optionsOf } from '../command.ts';
import type { Run } from '../context.ts';

export const run: Run = async ({ output, say, commands }, [shell = 'bash']) => {
  if (shell !== 'bash') {
    throw new LabError('LAB_USAGE', say.unknownShell(shell), {
      exitCode: ExitCode.usage,
      hint: say.unknownShellHint,
    });
  }
  output.write(script(commands));
  return ExitCode.ok;
};

/** Shell commands that print the words of an operand. */
const operands: Readonly<Record<NonNullable<CommandSpec['completes']>, string>> = {
  labs: `labs list --json 2>/dev/null | sed -n 's/^ *"name": "\\(.*\\)",*$/\\1/p'`,
  machines: `{ labs status --json | sed -n '/"fabric"/d; s/^      "name": "\\(.*\\)",*$/\\1/p'
      labs kubectl get pods -o name | sed 's,^pod/,,'; } 2>/dev/null`,
};

const script = (commands: readonly CommandSpec[]): string => `# bash completion for labs
_labs() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${commands.map((command) => `    ${command.name}) words="${flagsOf(command).join(' ')}" ;;`).join('\n')}
  esac
  case "\${COMP_WORDS[1]}:$current" in
    *:-*) ;;
${commands.flatMap(operandCase).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _labs labs
`;

const flagsOf = (command: CommandSpec): readonly string[] => [
  ...optionsOf(command).flatMap(({ flags }) => /--[\w-]+/.exec(flags) ?? []),
  ...(command.foreign ? [] : ['--help']),
];

const operandCase = ({ name, completes }: CommandSpec): readonly string[] =>
  completes ? [`    ${name}:*) words="$(${operands[completes]})" ;;`] : [];
