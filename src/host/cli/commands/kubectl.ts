// `labs kubectl …`: the cluster's own kubectl, with its arguments, input, output and exit code untouched.
import type { Run } from '../context.ts';
import { chooseRunning } from '../instances.ts';
import { controlPlaneOf } from '../machines.ts';
import { relay } from '../terminal.ts';

export const run: Run = async (context, args) => {
  const instance = await chooseRunning(context);
  const { output, environment, interrupt } = context;
  return relay({
    docker: await context.docker(),
    container: (await controlPlaneOf(context, instance.name)).container,
    command: {
      command: ['kubectl', ...args],
      folder: '/root',
      environment: {
        TERM: environment.variables.TERM ?? 'dumb',
        LANG: 'C.UTF-8',
        KUBECONFIG: '/etc/kubernetes/admin.conf',
      },
    },
    // Only what a person works in gets a terminal: the output of the rest is often piped on.
    terminal: output.interactive && isInteractive(args),
    interrupt,
  });
};

const isInteractive = (args: readonly string[]): boolean => {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  return own.includes('edit') || own.some((argument) => /^-(it|ti|t)$/.test(argument) || argument === '--tty');
};
