// A shell of the user's own machine in which `labs` and `kubectl` are on PATH and use one lab.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { ClusterSummary } from '../cluster/status.ts';
import { completionScripts } from './completion-scripts.ts';
import type { Context } from './context.ts';
import { runHere } from './program-here.ts';
import { openWayIn, type WayIn } from './way-in.ts';

/** @returns the exit code of the shell */
export const openHostShell = async (context: Context, { name, lab }: Pick<ClusterSummary, 'name' | 'lab'>) => {
  const { output, say, environment, interrupt } = context;
  await using wayIn = await openWayIn(context, { name, lab });
  await using programs = await programsFor(context, name, wayIn);
  const shell = environment.variables.SHELL || '/bin/sh';
  const isBash = basename(shell) === 'bash';
  if (output.interactive) output.note(output.paint('dim', say.hostShell(name)));
  return await runHere(shell, isBash && output.interactive ? ['--rcfile', programs.rcFile] : [], {
    variables: { ...withoutNpm(environment.variables), ...programs.variables },
    interrupt,
  });
};

export interface Programs extends AsyncDisposable {
  readonly variables: Readonly<Record<string, string>>;
  /** The start file of an interactive bash: the user's own may have set PATH or KUBECONFIG anew. */
  readonly rcFile: string;
}

/** `labs` and `kubectl` in a folder of their own, and the variables that lead to them. */
export const programsFor = async (
  context: Context,
  name: string,
  { kubectl, kubeconfig }: WayIn,
): Promise<Programs> => {
  const { paths, environment } = context;
  const folder = await mkdtemp(join(tmpdir(), 'labs-shell-'));
  const labs = `${quote(process.execPath)} ${quote(join(paths.root, 'bin', 'labs.js'))}`;
  const own = kubectl === undefined ? `${labs} kubectl` : quote(kubectl);
  const variables = {
    PATH: `${folder}:${environment.variables.PATH ?? ''}`,
    KUBECONFIG: kubeconfig,
    LABS_NAME: name,
  };
  const rcFile = join(folder, '.bashrc');
  await writeFile(join(folder, 'labs'), `#!/bin/sh\nexec ${labs} "$@"\n`, { mode: 0o755 });
  await writeFile(join(folder, 'kubectl'), `#!/bin/sh\nexec ${own} "$@"\n`, { mode: 0o755 });
  await writeFile(
    rcFile,
    [
      '[ -f ~/.bashrc ] && . ~/.bashrc',
      `export PATH=${quote(folder)}:"$PATH" KUBECONFIG=${quote(kubeconfig)} LABS_NAME=${quote(name)}`,
      completionScripts.bash,
      `PS1=${quote(`(${name}) `)}"$PS1"`,
      '',
    ].join('\n'),
  );
  return {
    variables,
    rcFile,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
};

/** In this shell, `labs` is on PATH, so texts must not name commands for users of npx. */
export const withoutNpm = (variables: Context['environment']['variables']): Context['environment']['variables'] =>
  Object.fromEntries(Object.entries(variables).filter(([key]) => !key.startsWith('npm_')));

/** For a shell. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
