// Plans the way in: a port of the host's loopback that leads to the cluster's API server, over a Unix socket.
import type { Ipv4 } from '../../api/scalars.ts';
import { labels } from './names.ts';
import type { GatewayPlan } from './types.ts';

/** Where the gateway and the fabric mount the shared volume. */
export const socketFolder = '/srv/gateway';
export const gatewaySocket = `${socketFolder}/api.sock`;

/** The port on which the gateway listens inside its container. */
export const gatewayPort = 6443;

/** systemd's pair of programs costs 1 MB. A Node process would cost 40 MB. */
const relay = (listen: string, to: string): readonly string[] => [
  '/usr/bin/systemd-socket-activate',
  '-l',
  listen,
  '/lib/systemd/systemd-socket-proxyd',
  to,
];

/** `_` is in no name of a lab or machine, so no machine of any lab can have this container name. */
const gatewayName = (cluster: string): string => `labs-${cluster}_gateway`;

export const gatewayVolume = (cluster: string): string => gatewayName(cluster);

export interface GatewayInput {
  readonly cluster: string;
  readonly image: string;
  readonly version: string;
}

export const planGateway = ({ cluster, image, version }: GatewayInput): GatewayPlan => ({
  container: gatewayName(cluster),
  image,
  command: relay(String(gatewayPort), gatewaySocket),
  labels: { [labels.gateway]: cluster, [labels.version]: version },
  volume: gatewayVolume(cluster),
});

/** The fabric's end of the way in, for a shell: listens on the Unix socket, and starts again if it ever ends. */
export const relayCommand = (address: Ipv4, port: number): string =>
  `while :; do ${relay(gatewaySocket, `${address}:${port}`).join(' ')}; sleep 1; done > /dev/null 2>&1 & `;

/**
 * Where the search for a free port begins. It depends on the name, so that a lab keeps its port when it is built again.
 * The range is below the ports that kernels give to outgoing connections, and below the node ports.
 */
export const portsFor = (cluster: string): readonly number[] => {
  const [first, count] = [20_000, 10_000];
  let hash = 0;
  for (const letter of cluster) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % count;
  return Array.from({ length: 100 }, (_, step) => first + ((hash + 7 * step) % count));
};
