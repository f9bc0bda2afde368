// `labs completion bash|zsh|fish`: prints a script that asks `labs completion words …` for what may come next.
import { ExitCode, LabError } from '../../../kit/error.ts';
import { namesIn } from '../completion-names.ts';
import { candidatesFor } from '../completion-words.ts';
import type { Context, Run } from '../context.ts';

export const run: Run = async (context, [shell = 'bash', ...words]) => {
  const { output, say } = context;
  if (shell === 'words') return printWords(context, words);
  if (!isShell(shell)) {
    throw new LabError('LAB_USAGE', say.unknownShell(shell), {
      exitCode: ExitCode.usage,
      hint: say.unknownShellHint,
    });
  }
  output.write(scripts[shell]);
  return ExitCode.ok;
};

/** A candidate in each line: the word, a tab, its meaning. */
const printWords = async (context: Context, words: readonly string[]): Promise<number> => {
  const { output, commands, environment } = context;
  const options = { commands, names: namesIn(context), language: environment.language };
  const found = await candidatesFor(words, options);
  for (const [word, meaning] of found) output.line(meaning === '' ? word : `${word}\t${meaning}`);
  return ExitCode.ok;
};

/** Without a candidate, bash and zsh offer files: a lab may be a folder. */
const bash = `# bash completion for labs
_labs() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("$1" completion words "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _labs labs
`;

const zsh = `#compdef labs
# zsh completion for labs
_labs() {
  local line word
  local -a found
  for line in "\${(@f)$("$words[1]" completion words "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n "$line" ]] || continue
    word="\${line%%$'\\t'*}"
    found+=("\${word//:/\\\\:}\${\${line#$word}/$'\\t'/:}")
  done
  if (( \${#found} )); then _describe -V labs found; else _files; fi
}
if [[ "\${funcstack[1]}" == _labs ]]; then _labs "$@"; else compdef _labs labs; fi
`;

const fish = `# fish completion for labs
function __labs_words
  set -l before (commandline -opc)
  set -l current (commandline -ct)
  $before[1] completion words $before[2..-1] "$current" 2>/dev/null
end
complete -c labs -f -a '(__labs_words)'
`;

const scripts = { bash, zsh, fish } as const;

const isShell = (name: string): name is keyof typeof scripts => Object.hasOwn(scripts, name);
