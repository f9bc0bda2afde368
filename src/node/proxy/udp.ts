// Conntrack remembers where a UDP "connection" was sent and goes on sending there: what must be forgotten after a sync. Pure.
import type { FlowPattern } from '../sys/conntrack.ts';
import type { ServicePort } from './types.ts';

/** A service port's endpoints in use (`ip`) before and after a sync. */
export interface BackendChange {
  readonly port: ServicePort;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/**
 * Flows to an endpoint that was lost, and all flows of a service that got its first endpoint: they were let pass unchanged before.
 * TCP needs none of this, its connections end by themselves.
 */
export const staleFlows = (changes: readonly BackendChange[]): FlowPattern[] =>
  changes.filter(({ port }) => port.protocol === 'UDP').flatMap(staleOf);

const staleOf = ({ port, before, after }: BackendChange): FlowPattern[] => {
  const lost = before.filter((ip) => !after.includes(ip));
  const first = before.length === 0 && after.length > 0;
  const frontends = frontendsOf(port);
  return [...lost.flatMap((nat) => frontends.map((frontend) => ({ ...frontend, nat }))), ...(first ? frontends : [])];
};

const frontendsOf = (port: ServicePort): FlowPattern[] => [
  ...[port.clusterIp, ...port.externalIps, ...port.loadBalancerIps].map((destination) => ({
    destination,
    port: port.port,
  })),
  ...(port.nodePort === 0 ? [] : [{ port: port.nodePort }]),
];
