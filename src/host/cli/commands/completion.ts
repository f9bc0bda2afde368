// `labs completion bash`: a script for the shell that completes commands, options, labs and machines.
import { ExitCode, LabError } from '../../../kit/error.ts';
import { commandGroups, commonOptions } from '../commands.ts';
import type { Run } from '../context.ts';

export const run: Run = async ({ output }, [shell = 'bash']) => {
  if (shell !== 'bash') {
    throw new LabError('LAB_USAGE', `No completion for the shell "${shell}"`, {
      exitCode: ExitCode.usage,
      hint: 'There is one for bash.',
    });
  }
  const specs = commandGroups.flatMap(({ commands }) => commands);
  const names = specs.map(({ usage }) => usage.split(' ')[0] ?? '');
  const flags = (options: readonly { readonly flags: string }[]): string =>
    options.map((option) => /--[\w-]+/.exec(option.flags)?.[0] ?? '').join(' ');
  const cases = specs.map(({ options = [], json }, index) => {
    const words = [flags(options), json ? '--json' : '', flags(commonOptions), '--help'].filter((word) => word !== '');
    return `    ${names[index]}) words="${words.join(' ')}" ;;`;
  });
  output.write(script(names, cases));
  return ExitCode.ok;
};

const script = (names: readonly string[], cases: readonly string[]): string => `# bash completion for labs
_labs() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names.join(' ')}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  case "\${COMP_WORDS[1]}:$current" in
    start:[!-]*|start:) words="$(labs list --json 2>/dev/null | sed -n 's/^ *"name": "\\(.*\\)",*$/\\1/p')" ;;
    shell:[!-]*|logs:[!-]*|shell:|logs:) words="controlplane node01 node02 client" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _labs labs
`;
