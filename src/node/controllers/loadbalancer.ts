// Gives each service of the type LoadBalancer an address of the lab's range, as the controller of a load balancer in
// software does (MetalLB's `controller`). The speakers in the nodes announce it (`../speaker`).
import type { LoadBalancerIngress, Service } from '../../api/core.ts';
import { networkContains } from '../../api/ip.ts';
import { services } from '../../api/resources.ts';
import { type Cidr, cidrAddress, cidrRange } from '../../api/scalars.ts';
import { type Controller, nothing, watch } from './controller.ts';
import { equal } from './equal.ts';
import { patchStatus, type Write } from './writes.ts';

/** All services together: an address belongs to one of them. */
const allServices = 'services';

/** @param range all its addresses can be given away */
export const createLoadBalancer = (range: Cidr): Controller => ({
  name: 'service-lb-controller',
  watches: [watch(services, () => [allServices])],
  reconcile(_, world) {
    const present = world.all(services).filter(({ metadata }) => !metadata.deletionTimestamp);
    const writes = assign(present, range);
    return writes.length === 0 ? nothing : { writes };
  },
});

/**
 * A service with a class belongs to the load balancer of this class, and its status is left alone
 * (KEP-1959). The older service keeps an address that two have.
 */
const assign = (present: readonly Service[], range: Cidr): readonly Write[] => {
  const taken = new Map<string, Service>();
  const oldestFirst = present.filter(({ spec }) => spec.loadBalancerClass === undefined).sort(byAge);
  const ours = oldestFirst.filter(({ spec }) => spec.type === 'LoadBalancer');
  for (const service of ours) {
    const address = addressOf(service, range);
    if (address !== undefined && !taken.has(address)) taken.set(address, service);
  }
  const keeps = (service: Service): boolean => taken.get(addressOf(service, range) ?? '') === service;
  const given = ours.filter((service) => !keeps(service)).flatMap((service) => give(service, range, taken));
  const released = oldestFirst.filter(
    (service) => service.spec.type !== 'LoadBalancer' && ingressOf(service).length > 0,
  );
  return [...given, ...released.map((service) => withoutAddress(service))];
};

const byAge = (a: Service, b: Service): number =>
  (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
  nameOf(a).localeCompare(nameOf(b));

const nameOf = ({ metadata: { namespace = '', name } }: Service): string => `${namespace}/${name}`;

const ingressOf = ({ status }: Service): readonly LoadBalancerIngress[] => status?.loadBalancer?.ingress ?? [];

/** The address that a service has, if it is the only one and of the range. */
const addressOf = (service: Service, range: Cidr): string | undefined => {
  const [first, ...others] = ingressOf(service);
  return first?.ip !== undefined && others.length === 0 && networkContains(range, first.ip) ? first.ip : undefined;
};

/** The patch is merged into the status, so a list goes only by name. */
const withoutAddress = (service: Service): Write => patchStatus(services, service, { loadBalancer: { ingress: null } });

const give = (service: Service, range: Cidr, taken: Map<string, Service>): readonly Write[] => {
  const size = 2 ** (32 - cidrRange(range).prefix);
  const free = Array.from({ length: size }, (_, index) => cidrAddress(range, index)).find(
    (address) => !taken.has(address),
  );
  if (free === undefined) {
    const message = `Error syncing load balancer: all addresses of ${range} are in use`;
    const failed: Write = { verb: 'event', about: service, type: 'Warning', reason: 'SyncLoadBalancerFailed', message };
    return ingressOf(service).length === 0 ? [failed] : [failed, withoutAddress(service)];
  }
  taken.set(free, service);
  // `VIP`: kube-proxy handles the address in the nodes themselves (KEP-1860).
  const loadBalancer = { ingress: [{ ip: free, ipMode: 'VIP' }] };
  if (equal(service.status?.loadBalancer, loadBalancer)) return [];
  const message = `Assigned IP ["${free}"]`;
  return [
    patchStatus(services, service, { loadBalancer }),
    { verb: 'event', about: service, type: 'Normal', reason: 'IPAllocated', message },
  ];
};
