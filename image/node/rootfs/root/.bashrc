# The shell of a node, with short aliases for the commands that a student types most.
[ -z "$PS1" ] && return
PS1='\h:\w\$ '
# `docker exec` lands here. Nothing of the machine is to be seen from its container.
if [ -e /run/labs/init ]; then
  PS1='(container of \h):\w# '
  echo "This is the container around $(hostname). To work on $(hostname) itself, run: labs shell $(hostname)"
fi
HISTCONTROL=ignoreboth
shopt -s checkwinsize histappend
alias k=kubectl ls='ls --color=auto' ll='ls -la' grep='grep --color=auto' ip='ip -color=auto'
export EDITOR=nano PAGER=less LESS=-R SYSTEMD_PAGER=
# Loads the completion at the first Tab, because reading it takes 100 ms, which would delay the prompt.
_labs_complete() {
  complete -r -D
  . /usr/share/bash-completion/bash_completion
  . /etc/bash_completion.d/kubectl
  return 124
}
complete -D -F _labs_complete
