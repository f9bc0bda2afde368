// How programs of the user’s machine reach a running lab: a kubeconfig, a kubectl, and a tunnel for remote engines.
import { connect } from 'node:net';
import { ExitCode, LabError } from '../../kit/error.ts';
import { findGateway, type Gateway } from '../cluster/gateway.ts';
import type { ClusterSummary } from '../cluster/status.ts';
import type { ContainerSummary } from '../docker/port.ts';
import { findFabric, readAccess, refreshOwnFile } from '../kubectl/access.ts';
import { addToUserFile, removeFromUserFile, removeOwnFile, writtenTo } from '../kubectl/files.ts';
import { type Access, contextName } from '../kubectl/kubeconfig.ts';
import { findKubectl } from '../kubectl/program.ts';
import { gatewaySocket } from '../plan/gateway.ts';
import { openTunnel, type Tunnel } from '../tunnel/tunnel.ts';
import type { Context } from './context.ts';

type Named = Pick<ClusterSummary, 'name' | 'lab'>;

/** Ready for a program of the user's machine. Disposing closes the tunnel, if there is one. */
export interface WayIn extends AsyncDisposable {
  /** The path of a kubeconfig that leads to the lab. */
  readonly kubeconfig: string;
  /** The path of a kubectl; undefined when this machine has none and cannot run the copy. */
  readonly kubectl: string | undefined;
}

export const openWayIn = async (context: Context, { name }: Named): Promise<WayIn> => {
  const { environment, signal } = context;
  const containers = await context.docker();
  const [fabric, gateway] = await Promise.all([
    findFabric(containers, name, signal),
    findGateway(containers, name, signal),
  ]);
  const { cacheFolder, stateFolder, variables } = environment;
  const [kubectl, here] = await Promise.all([
    findKubectl({ containers, fabric, cacheFolder, variables, signal }),
    isHere(gateway),
  ]);
  const tunnel = here ? undefined : await tunnelTo(context, fabric);
  const port = tunnel?.port ?? gateway?.port ?? 0;
  const kubeconfig = await refreshOwnFile(containers, name, stateFolder, { fabric, port, signal });
  return { kubeconfig, kubectl, [Symbol.asyncDispose]: async () => tunnel?.[Symbol.asyncDispose]() };
};

/** The engine may run on another machine, or refuse to publish ports. */
const isHere = (gateway: Gateway | undefined): Promise<boolean> =>
  new Promise((resolve) => {
    if (!gateway?.running) return resolve(false);
    const socket = connect({ host: '127.0.0.1', port: gateway.port, timeout: 1000 });
    const answer = (open: boolean) => (): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', answer(true)).once('error', answer(false)).once('timeout', answer(false));
  });

const tunnelTo = async (context: Context, fabric: ContainerSummary): Promise<Tunnel> => {
  const containers = await context.docker();
  return openTunnel({
    port: 0,
    dial: () => containers.open(fabric.id, { command: ['socat', '-', `UNIX-CONNECT:${gatewaySocket}`] }),
    onFailure: (reason) => context.output.note(reason),
  });
};

/** Access by the gateway's port, for a kubeconfig that other programs use. @throws LabError LAB_NO_WAY_IN */
export const gatewayAccess = async (
  { docker, signal, say }: Context,
  { name, lab }: Named,
): Promise<{ readonly access: Access; readonly here: boolean }> => {
  const containers = await docker();
  const [fabric, gateway] = await Promise.all([
    findFabric(containers, name, signal),
    findGateway(containers, name, signal),
  ]);
  if (!gateway?.running)
    throw new LabError('LAB_NO_WAY_IN', say.noWayIn(name), {
      exitCode: ExitCode.usage,
      hint: say.noWayInHint(name, lab),
    });
  const access = await readAccess(containers, name, { fabric, port: gateway.port, signal });
  return { access, here: await isHere(gateway) };
};

/**
 * After a start: a lab that was built anew has other certificates, and a resumed one may have another port. Says so if
 * the file was changed.
 */
export const renewKubeconfig = async (context: Context, cluster: Named): Promise<void> => {
  const { stateFolder } = context.environment;
  const written = await writtenTo(stateFolder, cluster.name);
  if (!written) return;
  await orWarn(context, async () => {
    const { access } = await gatewayAccess(context, cluster);
    const changed = await addToUserFile(stateFolder, written.file, access);
    const { output, say } = context;
    if (changed) output.note(output.paint('dim', say.kubeconfigRenewed(contextName(access.lab), written.file)));
  });
};

export const forgetKubeconfig = async (context: Context, name: string): Promise<void> => {
  const { stateFolder } = context.environment;
  await orWarn(context, async () => {
    await removeOwnFile(stateFolder, name);
    await removeFromUserFile(stateFolder, name);
  });
};

/** A file that cannot be changed is no reason to fail: the lab itself was started or deleted already. */
export const orWarn = async ({ output, say }: Context, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    output.note(output.paint('yellow', `! ${say.fromEnglish(error.message)}`));
  }
};
