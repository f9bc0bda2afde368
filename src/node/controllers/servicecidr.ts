// Says whether a ServiceCIDR is ready, and holds its deletion until no service needs an address of the range
// (pkg/controller/servicecidrs).
import { networkContains } from '../../api/ip.ts';
import type { ServiceCIDR } from '../../api/networking.ts';
import { ipAddresses, serviceCidrs } from '../../api/resources.ts';
import { timestamp } from '../../api/time.ts';
import { type Controller, nothing, type Outcome, type World, watch } from './controller.ts';
import { equal } from './equal.ts';
import { keyFor, patchStatus, type Write } from './writes.ts';

const finalizer = 'networking.k8s.io/service-cidr-finalizer';

export const serviceCidrController: Controller = {
  name: 'service-cidr-controller',
  watches: [
    watch(serviceCidrs, ({ metadata }, world) => [metadata.name, ...deleting(world)]),
    watch(ipAddresses, (_, world) => deleting(world)),
  ],
  reconcile(name, world) {
    const range = world.get(serviceCidrs, { name });
    if (!range) return nothing;
    return range.metadata.deletionTimestamp ? release(range, world) : prepare(range, world);
  },
};

function deleting(world: World): string[] {
  return world
    .all(serviceCidrs)
    .filter(({ metadata }) => metadata.deletionTimestamp)
    .map(({ metadata }) => metadata.name);
}

const prepare = (range: ServiceCIDR, world: World): Outcome => {
  const { finalizers = [] } = range.metadata;
  const ready = { status: 'True' as const, reason: '', message: 'Kubernetes Service CIDR is ready' };
  const hold: Write[] = finalizers.includes(finalizer) ? [] : [setFinalizers(range, [...finalizers, finalizer])];
  return { writes: [...hold, ...setReady(range, ready, world.now)] };
};

const release = (range: ServiceCIDR, world: World): Outcome => {
  const { finalizers = [] } = range.metadata;
  if (!finalizers.includes(finalizer)) return nothing;
  const others = world
    .all(serviceCidrs)
    .filter((other) => other !== range && !other.metadata.deletionTimestamp)
    .flatMap(({ spec }) => spec?.cidrs ?? []);
  const holds = (networks: readonly string[], address: string): boolean =>
    networks.some((network) => networkContains(network, address));
  const needed = world
    .all(ipAddresses)
    .some(({ metadata: { name } }) => holds(range.spec?.cidrs ?? [], name) && !holds(others, name));
  if (!needed)
    return {
      writes: [
        setFinalizers(
          range,
          finalizers.filter((name) => name !== finalizer),
        ),
      ],
    };
  const message =
    'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';
  return { writes: setReady(range, { status: 'False', reason: 'Terminating', message }, world.now) };
};

const setFinalizers = (range: ServiceCIDR, finalizers: readonly string[]): Write => {
  const { uid, resourceVersion } = range.metadata;
  const metadata = { uid, resourceVersion, finalizers: finalizers.length > 0 ? finalizers : null };
  return { verb: 'patch', resource: serviceCidrs, key: keyFor(range), patch: { metadata } };
};

type Ready = { readonly status: 'True' | 'False'; readonly reason: string; readonly message: string };

const setReady = (range: ServiceCIDR, ready: Ready, now: number): Write[] => {
  const conditions = range.status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === 'Ready');
  const { lastTransitionTime, ...known } = before ?? {};
  const wanted = { type: 'Ready', ...ready };
  if (equal(known, wanted)) return [];
  const since = before?.status === ready.status ? lastTransitionTime : timestamp(now);
  const next = { ...wanted, ...(since === undefined ? {} : { lastTransitionTime: since }) };
  const others = conditions.filter(({ type }) => type !== 'Ready');
  return [patchStatus(serviceCidrs, range, { conditions: [...others, next] })];
};
