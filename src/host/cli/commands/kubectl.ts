// `labs kubectl …`: runs a kubectl of this machine against the lab. Files, plugins and ports are those of this machine.
import { nodePaths } from '../../../api/paths.ts';
import { ExitCode, LabError } from '../../../kit/error.ts';
import type { ClusterSummary } from '../../cluster/status.ts';
import type { Context, Run } from '../context.ts';
import { chooseRunning } from '../instances.ts';
import { controlPlaneOf } from '../machines.ts';
import { runHere } from '../program-here.ts';
import { programEnvironment, relay } from '../terminal.ts';
import { openWayIn } from '../way-in.ts';

export const run: Run = async (context, args) => {
  const instance = await chooseRunning(context);
  await using wayIn = await openWayIn(context, instance);
  const { kubectl, kubeconfig } = wayIn;
  if (kubectl === undefined) return runInControlPlane(context, instance, args);
  const { interrupt, environment } = context;
  return await runHere(kubectl, args, {
    variables: { ...environment.variables, KUBECONFIG: kubeconfig },
    interrupt,
  });
};

/** For a machine that has no kubectl and cannot run the one of the node image, such as a Mac. */
const runInControlPlane = async (
  context: Context,
  { name }: ClusterSummary,
  args: readonly string[],
): Promise<number> => {
  const { output, interrupt, say } = context;
  const wanted = needsThisMachine(args);
  if (wanted !== undefined)
    throw new LabError('LAB_KUBECTL_MISSING', say.kubectlMissing(wanted), {
      exitCode: ExitCode.usage,
      hint: say.kubectlMissingHint,
    });
  return relay({
    docker: await context.docker(),
    container: (await controlPlaneOf(context, name)).container,
    command: {
      command: ['kubectl', ...args],
      folder: '/root',
      environment: { ...programEnvironment(context), KUBECONFIG: nodePaths.adminConfig },
    },
    terminal: output.interactive && isInteractive(args),
    interrupt,
  });
};

/** The part of a command line that works only with files, ports or programs of the user's machine. */
export const needsThisMachine = (args: readonly string[]): string | undefined => {
  const own = beforeDashes(args);
  const command = own.find((argument) => /^(cp|port-forward|proxy)$/.test(argument));
  if (command !== undefined) return command;
  const index = own.findIndex((argument) => fileOption.test(argument));
  if (index < 0) return undefined;
  const [, option = '', attached] = fileOption.exec(own[index] ?? '') ?? [];
  const value = attached ?? own[index + 1] ?? '';
  return value === '-' || /^https?:/.test(value) ? undefined : `${option} ${value}`;
};

const fileOption =
  /^(-f|--filename|-k|--kustomize|--from-file|--from-env-file|--patch-file|--cert|--key)(?:=(.*))?$|^(-[fk])(.+)$/;

const beforeDashes = (args: readonly string[]): readonly string[] =>
  args.includes('--') ? args.slice(0, args.indexOf('--')) : args;

/** Other subcommands get no terminal: a terminal would mix their standard error into their output. */
const isInteractive = (args: readonly string[]): boolean => {
  const own = beforeDashes(args);
  return own.includes('edit') || own.some((argument) => /^-(it|ti|t)$/.test(argument) || argument === '--tty');
};
