// `labs kubectl …`: runs the cluster's own kubectl. Passes arguments, input, output and exit code on unchanged.
import { nodePaths } from '../../../api/paths.ts';
import type { Run } from '../context.ts';
import { chooseRunning } from '../instances.ts';
import { controlPlaneOf } from '../machines.ts';
import { programEnvironment, relay } from '../terminal.ts';

export const run: Run = async (context, args) => {
  const instance = await chooseRunning(context);
  const { output, interrupt } = context;
  return relay({
    docker: await context.docker(),
    container: (await controlPlaneOf(context, instance.name)).container,
    command: {
      command: ['kubectl', ...args],
      folder: '/root',
      environment: { ...programEnvironment(context), KUBECONFIG: nodePaths.adminConfig },
    },
    terminal: output.interactive && isInteractive(args),
    interrupt,
  });
};

/** Other subcommands get no terminal: a terminal would mix their standard error into their output. */
const isInteractive = (args: readonly string[]): boolean => {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  return own.includes('edit') || own.some((argument) => /^-(it|ti|t)$/.test(argument) || argument === '--tty');
};
