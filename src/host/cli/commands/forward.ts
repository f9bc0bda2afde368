// `labs forward TARGET PORTS`: opens a service, a pod or a port of a machine on a port of this machine.
import { ExitCode } from '../../../kit/error.ts';
import { openCluster } from '../../cluster/open.ts';
import { type ClusterSummary, listClusters } from '../../cluster/status.ts';
import { findFabric } from '../../kubectl/access.ts';
import { inNetworkOf } from '../../plan/boot.ts';
import { openTunnel, type Tunnel } from '../../tunnel/tunnel.ts';
import type { Context, Run } from '../context.ts';
import { resolveTarget } from '../forward-target.ts';
import { chooseRunning } from '../instances.ts';
import { noteReconnected } from '../session.ts';

export const run: Run = async (context, [wanted = '', ...ports], options) => {
  const { output, say, signal, json } = context;
  const instance = await chooseRunning(context);
  const containers = await context.docker();
  const [cluster, fabric] = await Promise.all([
    openCluster(containers, instance.name, signal),
    findFabric(containers, instance.name, signal),
  ]);
  await using _closed = cluster;
  noteReconnected(context, cluster);
  const namespace = typeof options.namespace === 'string' ? options.namespace : 'default';
  const from = typeof options.from === 'string' ? options.from : undefined;
  const routes = await resolveTarget(context, cluster, { wanted, namespace, from, ports });
  await using tunnels = new AsyncDisposableStack();
  for (const { local, address, port, container, machine } of routes) {
    const to = `${address}:${port}`;
    const command = ['socat', '-t', '3600', '-', `TCP4:${to},connect-timeout=5`];
    const enter = async (): Promise<readonly string[]> => {
      if (container === undefined) return command;
      // Asked for each connection, because the lab may be stopped and started while the forward goes on.
      const pid = (await containers.inspect(container))?.pid ?? 0;
      // Only the network namespace changes, so the student's programs on the machine play no part.
      return inNetworkOf(pid, command);
    };
    const tunnel: Tunnel = await openTunnel({
      port: local,
      dial: async () => containers.open(fabric.id, { command: await enter() }),
      onFailure: async (reason) => {
        const text = (await whyDown(context, instance)) ?? say.forwardFailed(to, reasonIn(reason));
        output.note(output.paint('yellow', `! ${text}`));
      },
    });
    tunnels.use(tunnel);
    const url = `${port === 443 ? 'https' : 'http'}://127.0.0.1:${tunnel.port}`;
    if (json) output.line(JSON.stringify({ url, to, from: machine ?? 'the outside' }));
    else output.line(say.forwarding(output.paint('cyan', url), to, machine ?? say.outside));
  }
  if (!json) output.line(output.paint('dim', say.forwardEnd));
  await untilInterrupted(context);
  return ExitCode.ok;
};

/** Undefined: the lab runs. Says how to bring back a lab that was stopped or deleted. */
export const whyDown = async (context: Context, { name, lab }: ClusterSummary): Promise<string | undefined> => {
  const { say } = context;
  const all = await listClusters(await context.docker(), context.signal).catch(() => undefined);
  // An engine that does not answer is no deleted lab.
  if (!all) return undefined;
  const state = all.find((one) => one.name === name)?.state;
  if (state === undefined) return `${say.labDeleted(name)}. ${say.buildAgain(name, lab)}`;
  return state === 'running' ? undefined : `${say.notReady(name, say.states[state])}. ${say.notReadyHint(name, lab)}`;
};

/** Ctrl-C is the ordinary end of this command, so it is neither an error nor worth a remark. */
const untilInterrupted = ({ interrupt }: Context): Promise<void> => {
  interrupt.release();
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  return promise;
};

/** socat's `… E connect(5, AF=2 10.96.3.4:80, 16): Connection refused` → `Connection refused` */
const reasonIn = (text: string): string => text.split('\n', 1)[0]?.split(': ').pop() ?? text;
