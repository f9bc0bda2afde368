// Says in the log why a service's topology hints are not used on this node.
import { zoneLabel } from '../../../api/labels.ts';
import type { Logger } from '../../../kit/logger.ts';
import { type NodeView, type ProxyEndpoint, type ServicePort, usesClusterEndpoints } from '../types.ts';

/** At -v=2 hints that do not fit this node, at -v=7 incomplete hints. Uses the original's messages. */
export const logIgnoredHints = (
  port: ServicePort,
  endpoints: readonly ProxyEndpoint[],
  { name: node, zone }: Pick<NodeView, 'name' | 'zone'>,
  log: Logger,
): void => {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  if (!log.enabled(2) || ready.length === 0 || !usesClusterEndpoints(port)) return;
  const service = `${port.clusterIp.includes(':') ? `[${port.clusterIp}]` : port.clusterIp}:${port.port}/${port.protocol}`;
  const ignore = (level: number, hints: 'node' | 'zone', reason: string, fields = {}): void =>
    log.info(level, `Ignoring same-${hints} topology hints for service since ${reason}`, { service, ...fields });
  if (ready.some(({ nodeHints }) => nodeHints.length === 0)) {
    ignore(7, 'node', 'one or more endpoints is missing a node hint');
  } else if (ready.some(({ nodeHints }) => nodeHints.includes(node))) return;
  else ignore(2, 'node', 'no hints were provided for node', { node });
  if (ready.some(({ zoneHints }) => zoneHints.length === 0)) {
    ignore(7, 'zone', 'one or more endpoints is missing a zone hint');
  } else if (zone === undefined) ignore(2, 'zone', 'node is missing label', { label: zoneLabel });
  else if (!ready.some(({ zoneHints }) => zoneHints.includes(zone)))
    ignore(2, 'zone', 'no hints were provided for zone', { zone });
};
