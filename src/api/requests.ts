// The resources and the ports of its node that a pod asks for. CPU counts in thousandths of a core, everything else in
// whole units. Pure.
import type { Container, ContainerPort, Pod } from './core-pods.ts';
import { isSidecar, sidecarsOf } from './pods.ts';
import { milliCpu, wholeUnits } from './quantity.ts';

export type Amounts = ReadonlyMap<string, number>;

const amount = (resource: string, text: string | undefined): number =>
  resource === 'cpu' ? milliCpu(text) : wholeUnits(text);

/**
 * For each resource, the larger of two amounts: the sum of the containers and sidecars, or the largest request while
 * the pod starts. An init container then runs alone, beside the sidecars that come before it.
 */
export const requestsOf = ({ spec }: Pod): Amounts => {
  const sidecars = new Map<string, number>();
  const starting = new Map<string, number>();
  for (const container of spec.initContainers ?? []) {
    for (const [resource, value] of requestsOfContainer(container)) {
      const together = (sidecars.get(resource) ?? 0) + value;
      if (isSidecar(container)) sidecars.set(resource, together);
      starting.set(resource, Math.max(starting.get(resource) ?? 0, together));
    }
  }
  const total = new Map(sidecars);
  for (const container of spec.containers) {
    for (const [resource, value] of requestsOfContainer(container))
      total.set(resource, (total.get(resource) ?? 0) + value);
  }
  for (const [resource, value] of starting) total.set(resource, Math.max(total.get(resource) ?? 0, value));
  return total;
};

/** A limit without a request counts as the request, as in the API server's defaults. */
const requestsOfContainer = ({ resources }: Container): [string, number][] =>
  Object.entries({ ...resources?.limits, ...resources?.requests }).map(([resource, text]) => [
    resource,
    amount(resource, text),
  ]);

/** @param quantities by resource, as in a node's status */
export const amountsOf = (quantities: Readonly<Record<string, string>> = {}): Amounts =>
  new Map(Object.entries(quantities).map(([resource, text]) => [resource, amount(resource, text)]));

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** The ports of the node that the pod uses. With the host network, each container port is a port of the node. */
export const hostPortsOf = ({ spec }: Pod): HostPort[] => {
  const portOf = ({ hostPort, containerPort }: ContainerPort): number =>
    hostPort ?? (spec.hostNetwork ? containerPort : 0);
  return [...sidecarsOf(spec), ...spec.containers]
    .flatMap(({ ports = [] }) => ports)
    .filter((port) => portOf(port) > 0)
    .map((port) => ({ ip: port.hostIP || '0.0.0.0', protocol: port.protocol ?? 'TCP', port: portOf(port) }));
};

/** @returns true when two pods with these ports cannot run on one node */
export const portsClash = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0');
