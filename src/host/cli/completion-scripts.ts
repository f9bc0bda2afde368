// The scripts that make a shell ask `labs completion words …` what may come next.

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

export const completionScripts = { bash, zsh, fish } as const;
