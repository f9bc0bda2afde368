// Which UDP flows a sync deletes from the conntrack table.
import { describe, expect, test } from 'vitest';
import type { Service } from '../../../src/api/core.ts';
import type { Endpoint, EndpointSlice } from '../../../src/api/discovery.ts';
import { frontendsOf, isStale } from '../../../src/node/proxy/udp.ts';
import { FakeNetfilter } from '../../support/proxy/fake-netfilter.ts';
import { createRig, type Rig } from '../../support/proxy/replay.ts';
import { ip, port } from '../../support/proxy/scalars.ts';

const dns = (clusterIP: string, protocol: 'UDP' | 'TCP' = 'UDP'): Service => ({
  metadata: { name: 'dns', namespace: 'default' },
  spec: { type: 'NodePort', clusterIP, ports: [{ name: 'dns', port: 53, nodePort: 30053, protocol }] },
});
type Conditions = NonNullable<Endpoint['conditions']>;
const ready: Conditions = { ready: true };
const slice = (endpoints: Readonly<Record<string, Conditions>>, protocol: 'UDP' | 'TCP' = 'UDP'): EndpointSlice => ({
  metadata: { name: 'dns-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'dns' } },
  addressType: 'IPv4',
  ports: [{ name: 'dns', protocol, port: 5353 }],
  endpoints: Object.entries(endpoints).map(([ip, conditions]) => ({ addresses: [ip], conditions })),
});

/** A proxier that has synced a service with two endpoints. */
const running = async (): Promise<Rig> => {
  const rig = createRig(new FakeNetfilter());
  rig.proxier.onService(undefined, dns('10.96.0.10'));
  rig.proxier.onSlice(undefined, slice({ '10.0.0.1': ready, '10.0.0.2': ready }));
  await rig.sync();
  return rig;
};

describe('after a sync', () => {
  test('deletes flows to a removed endpoint, at each address of the service', async () => {
    const rig = await running();
    rig.conntrack.add(
      ...['10.96.0.10:53 -> 10.0.0.1:5353', '192.168.56.11:30053 -> 10.0.0.1:5353'],
      '10.96.0.10:53 -> 10.0.0.2:5353',
    );
    rig.proxier.onSlice(slice({ '10.0.0.1': ready, '10.0.0.2': ready }), slice({ '10.0.0.2': ready }));
    await rig.sync();
    expect(rig.conntrack.texts).toEqual(['10.96.0.10:53 -> 10.0.0.2:5353']);
  });

  test('deletes flows to the last endpoint when it is removed', async () => {
    const rig = await running();
    rig.conntrack.add('10.96.0.10:53 -> 10.0.0.1:5353');
    rig.proxier.onSlice(slice({ '10.0.0.1': ready, '10.0.0.2': ready }), slice({}));
    await rig.sync();
    expect(rig.conntrack.texts).toEqual([]);
  });

  test('deletes stale flows from before the start of kube-proxy', async () => {
    const rig = createRig(new FakeNetfilter());
    rig.conntrack.add('10.96.0.10:53 -> 10.0.0.1:5353', '10.96.0.10:53 -> 10.0.0.9:5353', '10.96.0.10:53');
    rig.proxier.onService(undefined, dns('10.96.0.10'));
    rig.proxier.onSlice(undefined, slice({ '10.0.0.1': ready }));
    await rig.sync();
    expect(rig.conntrack.texts).toEqual(['10.96.0.10:53 -> 10.0.0.1:5353']);
  });

  test('deletes flows without an endpoint when a service gets its first endpoint', async () => {
    const rig = createRig(new FakeNetfilter());
    rig.proxier.onService(undefined, dns('10.96.0.10'));
    await rig.sync();
    rig.conntrack.add('10.96.0.10:53', '192.168.56.11:30053');
    rig.proxier.onSlice(undefined, slice({ '10.0.0.1': ready }));
    await rig.sync();
    expect(rig.conntrack.texts).toEqual([]);
  });

  test('keeps flows to a terminating endpoint while it serves', async () => {
    const rig = await running();
    rig.conntrack.add('10.96.0.10:53 -> 10.0.0.1:5353');
    const both = slice({ '10.0.0.1': ready, '10.0.0.2': ready });
    const draining = slice({ '10.0.0.1': { ready: false, serving: true, terminating: true }, '10.0.0.2': ready });
    rig.proxier.onSlice(both, draining);
    await rig.sync();
    expect(rig.conntrack.texts).toHaveLength(1);
    const drained = slice({ '10.0.0.1': { ready: false, serving: false, terminating: true }, '10.0.0.2': ready });
    rig.proxier.onSlice(draining, drained);
    await rig.sync();
    expect(rig.conntrack.texts).toEqual([]);
  });

  test.each([
    ['gets another address', dns('10.96.0.11')],
    ['is deleted', undefined],
  ])('deletes flows to the old address of a service that %s', async (_what, after) => {
    const rig = await running();
    rig.conntrack.add('10.96.0.10:53 -> 10.0.0.1:5353');
    rig.proxier.onService(dns('10.96.0.10'), after);
    await rig.sync();
    expect(rig.conntrack.texts).toEqual([]);
  });

  test('deletes after the next sync what a failed sync left', async () => {
    const kernel = new FakeNetfilter();
    const rig = createRig(kernel);
    rig.proxier.onService(undefined, dns('10.96.0.10'));
    await rig.sync();
    rig.conntrack.add('10.96.0.10:53 -> 10.0.0.1:5353');
    rig.proxier.onService(dns('10.96.0.10'), undefined);
    kernel.failures = 1;
    await expect(rig.sync()).rejects.toThrow();
    expect(rig.conntrack.texts).toHaveLength(1);
    await rig.sync();
    expect(rig.conntrack.texts).toEqual([]);
  });

  test('reads the table at the next sync if it could not be read', async () => {
    const rig = await running();
    rig.conntrack.add('10.96.0.10:53 -> 10.0.0.9:5353');
    rig.proxier.onSlice(slice({ '10.0.0.1': ready, '10.0.0.2': ready }), slice({ '10.0.0.1': ready }));
    rig.conntrack.failures = 1;
    await rig.sync();
    expect(rig.conntrack.texts).toHaveLength(1);
    await rig.sync();
    expect(rig.conntrack.texts).toEqual([]);
  });

  test('deletes very many flows in parts, so that the next sync does not wait', async () => {
    const rig = await running();
    for (let index = 0; index < 120; index++) rig.conntrack.add(`10.96.0.10:53 -> 10.0.1.${index}:5353`);
    rig.proxier.forceFull();
    for (const left of [70, 20, 0]) {
      expect(rig.proxier.pending.any).toBe(true);
      await rig.sync();
      expect(rig.conntrack.texts).toHaveLength(left);
    }
    expect(rig.proxier.pending.any).toBe(false);
  });

  test('does not read the table if only TCP ports changed', async () => {
    const rig = createRig(new FakeNetfilter());
    rig.proxier.onService(undefined, dns('10.96.0.10', 'TCP'));
    rig.proxier.onSlice(undefined, slice({ '10.0.0.1': ready }, 'TCP'));
    await rig.sync();
    rig.proxier.onSlice(slice({ '10.0.0.1': ready }, 'TCP'), undefined);
    await rig.sync();
    expect(rig.conntrack.looks).toBe(0);
  });
});

describe('flows that are not to a service', () => {
  test('are kept: to the same port of another machine, or to an address of no service', async () => {
    const rig = createRig(new FakeNetfilter());
    rig.conntrack.add('198.51.100.7:30053', '10.96.0.77:53', '10.96.0.10:54 -> 10.0.0.9:54');
    rig.proxier.onService(undefined, dns('10.96.0.10'));
    await rig.sync();
    expect(rig.conntrack.looks).toBe(1);
    expect(rig.conntrack.texts).toHaveLength(3);
  });
});

describe('a mode with relays', () => {
  const web = {
    ...{ key: 'k', service: 'a/b', portName: 'a/b', protocol: 'UDP' as const, port: port(53), nodePort: 0 as const },
    ...{ clusterIp: ip('FD00:96:0::A'), externalIps: [], loadBalancerIps: [], sourceRanges: [] },
    healthCheckNodePort: 0 as const,
    ...{ affinitySeconds: undefined, externalPolicyLocal: false, internalPolicyLocal: false },
  };
  const frontends = frontendsOf({ ports: new Map([['k', web]]), endpoints: new Map() }, []);
  const own = { nodePorts: new Set<string>(), relays: new Set(['fd00::11']) };
  const stale = (answeredBy: string, answeredFrom: number): boolean =>
    isStale({ destination: 'fd00:96::a', port: 53, answeredBy, answeredFrom }, frontends, own);

  test('keeps flows to its own sockets, in any spelling of the address', () => {
    expect(stale('fd00::11', 40_000)).toBe(false);
  });
  test('deletes flows without a new destination, and flows to endpoints', () => {
    expect(stale('fd00:96::a', 53)).toBe(true);
    expect(stale('fd00:244::7', 5353)).toBe(true);
  });
});
