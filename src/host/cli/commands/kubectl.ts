// `labs kubectl …`: the cluster's own kubectl, with its arguments, input, output and exit code untouched.
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

/** A terminal would change the output of other subcommands, which users often pipe into programs. */
const isInteractive = (args: readonly string[]): boolean => {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  return own.includes('edit') || own.some((argument) => /^-(it|ti|t)$/.test(argument) || argument === '--tty');
};
