// Keeps an IPAddress for each address of a service, so that clients can see which addresses are in use. The services
// remain the record by which addresses are allocated.
import type { Service } from '../../../api/core.ts';
import { readIp } from '../../../api/ip.ts';
import type { IPAddress } from '../../../api/networking.ts';
import { ipAddresses, services } from '../../../api/resources.ts';
import { createInStore } from '../admission/write.ts';
import type { AdmissionContext } from '../resources/definition.ts';

const managedBy = 'ipaddress.kubernetes.io/managed-by';
const allocator = 'ipallocator.k8s.io';
const labels = { [managedBy]: allocator, 'ipaddress.kubernetes.io/ip-family': 'IPv4' };

const addressesOf = ({ spec }: Service): string[] =>
  (spec.clusterIPs ?? []).filter((address) => address !== 'None').flatMap((address) => readIp(address)?.text ?? []);

/** Creates the missing objects, and removes those of services that are gone or have another address. */
const repairIpAddresses = (context: AdmissionContext): void => {
  const { store } = context;
  const wanted = new Map(
    (store.list(services) as Service[]).flatMap((service) =>
      addressesOf(service).map((address) => [address, service.metadata] as const),
    ),
  );
  for (const address of store.list(ipAddresses) as IPAddress[]) {
    const { name, namespace } = wanted.get(address.metadata.name) ?? {};
    const parent = address.spec?.parentRef;
    const isRight = parent?.name === name && parent?.namespace === namespace;
    if (!isRight && address.metadata.labels?.[managedBy] === allocator) store.remove(ipAddresses, address);
  }
  for (const [address, { name, namespace }] of wanted) {
    if (store.get(ipAddresses, { name: address })) continue;
    const parentRef = { resource: 'services', name, ...(namespace === undefined ? {} : { namespace }) };
    createInStore(context, ipAddresses, { metadata: { name: address, labels }, spec: { parentRef } } as IPAddress);
  }
};

/** Repairs now, and after each change of a service. @returns the repair, for the periodic run */
export const keepIpAddresses = (context: AdmissionContext): (() => void) => {
  const repair = (): void => repairIpAddresses(context);
  context.store.history(services).listen(({ object, previous, type }) => {
    const before = previous ? addressesOf(previous as Service) : [];
    const after = type === 'DELETED' ? [] : addressesOf(object as Service);
    // The write of the service ends first, so that the revisions of one write follow each other.
    if (before.join() !== after.join()) queueMicrotask(repair);
  });
  return repair;
};
