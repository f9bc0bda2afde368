// The container through which the user's machine reaches the API server: finds, opens, reopens, closes and removes it.
import { createServer } from 'node:net';
import { LabError } from '../../kit/error.ts';
import type { ContainerSpec, ContainerSummary, Containers } from '../docker/port.ts';
import { gatewayPort, gatewayVolume, portsFor, socketFolder } from '../plan/gateway.ts';
import { labels } from '../plan/names.ts';
import type { GatewayPlan } from '../plan/types.ts';

/** The port is published on this address only, so no other machine reaches it. */
const loopback = '127.0.0.1';

export interface Gateway {
  readonly id: string;
  readonly image: string;
  readonly running: boolean;
  /** The port of 127.0.0.1, on the engine's machine. */
  readonly port: number;
}

/** The gateway of a cluster. A cluster has none if the engine refused it, or if an old version of labs built it. */
export const findGateway = async (
  containers: Containers,
  cluster: string,
  signal?: AbortSignal,
): Promise<Gateway | undefined> => {
  const [found] = await containers.list({ [labels.gateway]: cluster }, signal);
  return found && toGateway(found);
};

const toGateway = ({ id, image, status, labels: own }: ContainerSummary): Gateway => ({
  id,
  image,
  running: status === 'running',
  port: Number(own[labels.port]),
});

/** The socket's volume must exist before the fabric, so that it gets labels. */
export const createGatewayVolume = (containers: Containers, cluster: string, signal?: AbortSignal): Promise<void> =>
  containers.volumes.create(gatewayVolume(cluster), { [labels.name]: cluster }, signal);

export const removeGatewayVolume = (containers: Containers, cluster: string): Promise<void> =>
  containers.volumes.remove(gatewayVolume(cluster));

/**
 * Creates and starts a gateway on the first free port of the cluster's list. Replaces one that a killed start left.
 * @throws LabError LAB_PORT_TAKEN when no port of the list is free, and those of Containers
 */
export const openGateway = async (
  containers: Containers,
  cluster: string,
  plan: GatewayPlan,
  signal: AbortSignal,
): Promise<number> => {
  await removeGateway(containers, cluster);
  for (const port of portsFor(cluster)) {
    if (!(await isFree(port))) continue;
    const id = await containers.create(gatewaySpec(plan, port));
    try {
      await containers.start(id, signal);
      return port;
    } catch (error) {
      await containers.remove(id);
      // The engine's machine may be another one, so only the engine knows.
      if (!isPortTaken(error)) throw error;
    }
  }
  throw new LabError('LAB_PORT_TAKEN', 'No port is free on 127.0.0.1 for the way in to the API server');
};

/** Starts a stopped gateway on its port. When another program uses the port, `replan` gives the plan of a new one. */
export const reopenGateway = async (
  containers: Containers,
  cluster: string,
  { id, port }: Gateway,
  replan: () => Promise<GatewayPlan>,
  signal: AbortSignal,
): Promise<number> => {
  try {
    await containers.start(id, signal);
    return port;
  } catch (error) {
    if (!isPortTaken(error)) throw error;
    return await openGateway(containers, cluster, await replan(), signal);
  }
};

/** systemd-socket-proxyd keeps nothing, so the gateway is killed. */
export const closeGateway = async (containers: Containers, cluster: string): Promise<void> => {
  const found = await containers.list({ [labels.gateway]: cluster });
  await Promise.all(found.map(({ id }) => containers.kill(id)));
};

export const removeGateway = async (containers: Containers, cluster: string): Promise<void> => {
  const found = await containers.list({ [labels.gateway]: cluster });
  await Promise.all(found.map(({ id }) => containers.remove(id)));
};

/** No capability and no writable file: the program in it only copies bytes between two sockets. */
const gatewaySpec = (plan: GatewayPlan, port: number): ContainerSpec => ({
  name: plan.container,
  image: plan.image,
  entrypoint: [plan.command[0] ?? ''],
  command: plan.command.slice(1),
  labels: { ...plan.labels, [labels.port]: String(port) },
  network: 'bridge',
  // The socket belongs to the fabric's root.
  userNamespace: 'host',
  ports: [{ container: gatewayPort, host: port, address: loopback }],
  mounts: [{ source: plan.volume, path: socketFolder, readOnly: true }],
  dropCapabilities: ['ALL'],
  securityOptions: ['no-new-privileges', 'label=disable'],
  readOnly: true,
  memoryBytes: 64 * 1024 * 1024,
  pids: 16,
  stopSignal: 'SIGKILL',
});

const isPortTaken = (error: unknown): boolean => error instanceof LabError && error.code === 'LAB_PORT_TAKEN';

/** Whether a program can listen on the port of this machine. It saves a container that cannot start. */
const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: loopback, exclusive: true }, () => server.close(() => resolve(true)));
  });
