// What the API server refuses in services, endpoints and nodes, in Kubernetes' words. kube-proxy makes rules from them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Service } from '../../../src/api/core.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { endpointSlices, endpoints, nodes, type Resource, services } from '../../../src/api/resources.ts';
import { parseCidr } from '../../../src/api/scalars.ts';
import { createInStore, updateInStore } from '../../../src/node/apiserver/admission/write.ts';
import { createIpAllocator } from '../../../src/node/apiserver/allocation/ip-allocator.ts';
import { createPortAllocator } from '../../../src/node/apiserver/allocation/port-allocator.ts';
import { bootstrap } from '../../../src/node/apiserver/bootstrap.ts';
import type { AdmissionContext } from '../../../src/node/apiserver/resources/definition.ts';
import { StatusError } from '../../../src/node/apiserver/status.ts';
import { openLog } from '../../../src/node/apiserver/store/log.ts';
import { openStore } from '../../../src/node/apiserver/store/store.ts';
import { silent } from '../../support/proxy/replay.ts';

const folder = mkdtempSync(join(tmpdir(), 'labs-endpoint-validation-'));
let api: AdmissionContext & { store: ReturnType<typeof openStore> };
beforeAll(() => {
  api = {
    store: openStore(openLog(folder)),
    clusterIps: createIpAllocator(parseCidr('10.96.0.0/12')),
    nodePorts: createPortAllocator({ first: 30_000, last: 32_767 }),
    logger: silent,
  };
  bootstrap(api, '192.168.56.10', 6443);
});
afterAll(() => {
  api.store.close();
  rmSync(folder, { recursive: true, force: true });
});

let count = 0;
const named = (object: object): KubeObject =>
  ({ metadata: { name: `x${count++}`, namespace: 'default' }, ...structuredClone(object) }) as unknown as KubeObject;
const create = <T extends KubeObject>(resource: Resource<T>, object: object): T =>
  createInStore(api, resource, named(object)) as T;

/** `field: message` of each problem. */
const problems = (write: () => unknown): string[] => {
  try {
    write();
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(StatusError);
    const { status } = error as StatusError;
    expect(status.code).toBe(422);
    return (status.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);
  }
};

const slice = (parts: object): object => ({
  addressType: 'IPv4',
  ports: [{ name: '', port: 80 }],
  endpoints: [{ addresses: ['10.0.0.1'] }],
  ...parts,
});
const endpoint = (parts: object): object => slice({ endpoints: [{ addresses: ['10.0.0.1'], ...parts }] });
const addresses = (addressType: string, ...list: string[]): object =>
  slice({ addressType, endpoints: [{ addresses: list }] });
const many = <T>(length: number, of: (index: number) => T): T[] => Array.from({ length }, (_, index) => of(index));
const inRange = 'must be between 1 and 65535, inclusive';

describe('an EndpointSlice', () => {
  test.each([
    [addresses('IPv4', 'fd00::1'), 'endpoints[0].addresses[0]: Invalid value: "fd00::1": must be a valid IPv4 address'],
    [
      addresses('IPv6', '10.0.0.1'),
      'endpoints[0].addresses[0]: Invalid value: "10.0.0.1": must be a valid IPv6 address',
    ],
    [
      addresses('IPv4', '0.0.0.0'),
      'endpoints[0].addresses[0]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
    ],
    [
      addresses('IPv4', '10.0.0.1', '127.0.0.2'),
      'endpoints[0].addresses[1]: Invalid value: "127.0.0.2": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
    [
      addresses('IPv6', 'fe80::1'),
      'endpoints[0].addresses[0]: Invalid value: "fe80::1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
    ],
    [
      addresses('IPv4', '224.0.0.9'),
      'endpoints[0].addresses[0]: Invalid value: "224.0.0.9": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
    ],
    [addresses('FQDN', ''), 'endpoints[0].addresses[0]: Required value'],
    [
      addresses('FQDN', 'localhost'),
      'endpoints[0].addresses[0]: Invalid value: "localhost": should be a domain with at least two segments separated by dots',
    ],
    [addresses('IPv4'), 'endpoints[0].addresses: Required value: must contain at least 1 address'],
    [
      addresses('IPv4', ...many(101, (index) => `10.0.1.${index}`)),
      'endpoints[0].addresses: Too many: 101: must have at most 100 items',
    ],
    [
      slice({ endpoints: many(1001, () => ({ addresses: ['10.0.0.1'] })) }),
      'endpoints: Too many: 1001: must have at most 1000 items',
    ],
    [
      slice({ ports: many(20_001, (index) => ({ name: `p${index}`, port: 80 })) }),
      'ports: Too many: 20001: must have at most 20000 items',
    ],
    [slice({ ports: [{ name: '', port: 99_999 }] }), `ports[0].port: Invalid value: 99999: ${inRange}`],
    [slice({ ports: [{ name: '', port: -1 }] }), `ports[0].port: Invalid value: -1: ${inRange}`],
    [
      slice({
        ports: [
          { name: 'a', port: 1 },
          { name: 'a', port: 2 },
        ],
      }),
      'ports[1].name: Duplicate value: "a"',
    ],
    [
      slice({ ports: [{ port: 1, protocol: 'ICMP' }] }),
      'ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    ],
    [
      endpoint({ hints: { forZones: many(9, (index) => ({ name: `z${index}` })) } }),
      'endpoints[0].hints.forZones: Too many: 9: must have at most 8 items',
    ],
    [
      endpoint({ hints: { forZones: [{ name: 'a' }, { name: 'a' }] } }),
      'endpoints[0].hints.forZones[1].name: Duplicate value: "a"',
    ],
    [slice({ addressType: 'IPX' }), 'addressType: Unsupported value: "IPX": supported values: "FQDN", "IPv4", "IPv6"'],
  ])('is refused with the field and the reason (%#)', (object, problem) => {
    expect(problems(() => create(endpointSlices, object))).toEqual([problem]);
  });

  test.each([
    [slice({ ports: [{ name: 'Not a label', port: 1 }] }), 'ports[0].name'],
    [slice({ ports: [{ port: 1, appProtocol: 'a b' }] }), 'ports[0].appProtocol'],
    [endpoint({ hostname: 'a.b' }), 'endpoints[0].hostname'],
    [endpoint({ nodeName: 'A' }), 'endpoints[0].nodeName'],
    [endpoint({ hints: { forZones: [{ name: 'a b' }] } }), 'endpoints[0].hints.forZones[0].name'],
    [addresses('FQDN', 'a_b.example'), 'endpoints[0].addresses[0]'],
  ])('with a name that is none is refused (%#)', (object, field) => {
    const found = problems(() => create(endpointSlices, object));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`${field}: Invalid value: `);
  });

  test('that is valid is stored, in each of its kinds', () => {
    for (const object of [
      slice({}),
      addresses('IPv6', 'fd00::1'),
      addresses('FQDN', 'example.com.'),
      slice({ ports: [{ name: 'all' }], endpoints: [] }),
      endpoint({ nodeName: 'node01', hostname: 'a', zone: 'z', hints: { forZones: [{ name: 'z' }] } }),
    ])
      expect(problems(() => create(endpointSlices, object))).toEqual([]);
  });

  test('keeps its address type', () => {
    const stored = create(endpointSlices, slice({}));
    const changed = { ...stored, addressType: 'IPv6', endpoints: [] } as unknown as KubeObject;
    expect(problems(() => updateInStore(api, endpointSlices, changed))).toEqual([
      'addressType: Invalid value: "IPv6": field is immutable',
    ]);
  });
});

describe('Endpoints', () => {
  const subset = (parts: object): object => ({
    subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }], ...parts }],
  });

  test.each([
    [
      { subsets: [{ ports: [{ port: 80 }] }] },
      ['subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`'],
    ],
    [subset({ ports: [{ port: 99_999 }] }), [`subsets[0].ports[0].port: Invalid value: 99999: ${inRange}`]],
    [subset({ ports: [{ port: -1 }] }), [`subsets[0].ports[0].port: Invalid value: -1: ${inRange}`]],
    [subset({ ports: [{ name: 'a', port: 1 }, { port: 2 }] }), ['subsets[0].ports[1].name: Required value']],
    [
      subset({ notReadyAddresses: [{ ip: 'rubbish' }] }),
      [
        'subsets[0].notReadyAddresses[0].ip: Invalid value: "rubbish": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        'subsets[0].notReadyAddresses[0].ip: Invalid value: "rubbish": must be a valid IP address',
      ],
    ],
    [
      subset({ addresses: [{ ip: '127.0.0.1' }] }),
      [
        'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      ],
    ],
    [
      subset({ ports: [{ port: 1, protocol: 'tcp' }] }),
      ['subsets[0].ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"'],
    ],
  ])('are refused with the field and the reason (%#)', (object, expected) => {
    expect(problems(() => create(endpoints, object))).toEqual(expected);
  });

  test('may have addresses of both families', () => {
    expect(problems(() => create(endpoints, subset({ addresses: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] })))).toEqual(
      [],
    );
  });
});

describe('a service', () => {
  const spec = (parts: object): object => ({ spec: { ports: [{ port: 80 }], ...parts } });
  const balancer = (parts: object = {}): object => spec({ type: 'LoadBalancer', ...parts });

  test.each([
    [
      balancer({ loadBalancerSourceRanges: ['rubbish'] }),
      'spec.LoadBalancerSourceRanges[0]: Invalid value: "rubbish": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
    [
      spec({ loadBalancerSourceRanges: ['10.0.0.0/8'] }),
      "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
    [
      spec({ externalIPs: ['169.254.169.254'] }),
      'spec.externalIPs[0]: Invalid value: "169.254.169.254": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
    ],
    [
      spec({ externalIPs: ['1.2.3.4 -j DROP'] }),
      'spec.externalIPs[0]: Invalid value: "1.2.3.4 -j DROP": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
    [spec({ ports: [{ port: 65_536, targetPort: 80 }] }), `spec.ports[0].port: Invalid value: 65536: ${inRange}`],
    [
      spec({ clusterIP: 'rubbish' }),
      'spec.clusterIPs[0]: Invalid value: "rubbish": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
    [
      spec({ clusterIP: '10.96.0.77', ipFamilies: ['IPv6'] }),
      'spec.clusterIPs[0]: Invalid value: "10.96.0.77": expected an IPv6 value as indicated by `ipFamilies[0]`',
    ],
    [spec({ clusterIP: 'fd00::1' }), 'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'],
    [spec({ ipFamilies: ['IPv5'] }), 'spec.ipFamilies[0]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"'],
    [
      spec({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86_401 } } }),
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400',
    ],
    [
      spec({ healthCheckNodePort: 32_000 }),
      "spec.healthCheckNodePort: Invalid value: 32000: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    ],
    [
      balancer({ externalTrafficPolicy: 'Local', healthCheckNodePort: 70_000 }),
      `spec.healthCheckNodePort: Invalid value: 70000: ${inRange}`,
    ],
    [
      spec({ loadBalancerClass: 'a/b' }),
      "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
    [
      spec({ trafficDistribution: 'Near' }),
      'spec.trafficDistribution: Unsupported value: "Near": supported values: "PreferClose", "PreferSameNode", "PreferSameZone"',
    ],
  ])('is refused with the field and the reason (%#)', (object, problem) => {
    expect(problems(() => create(services, object))).toEqual([problem]);
  });

  test('gets a health check node port, keeps it, and loses it with its type', () => {
    const made = create(services, balancer({ externalTrafficPolicy: 'Local' }));
    const port = made.spec.healthCheckNodePort ?? 0;
    expect(port).toBeGreaterThanOrEqual(30_000);
    const { healthCheckNodePort: _, ...without } = made.spec;
    const kept = updateInStore(api, services, { ...made, spec: without } as Service) as Service;
    expect(kept.spec.healthCheckNodePort).toBe(port);
    const other = {
      ...kept,
      spec: { ...kept.spec, healthCheckNodePort: port === 30_000 ? 30_001 : 30_000 },
    } as Service;
    expect(problems(() => updateInStore(api, services, other))).toEqual([
      'spec.healthCheckNodePort: Forbidden: field is immutable',
    ]);
    expect(
      problems(() => create(services, balancer({ externalTrafficPolicy: 'Local', healthCheckNodePort: port }))),
    ).toEqual([
      `spec.healthCheckNodePort: Invalid value: ${port}: failed to allocate requested HealthCheck NodePort ${port}: provided port is already allocated`,
    ]);
    const plain = updateInStore(api, services, {
      ...kept,
      spec: { ...kept.spec, type: 'ClusterIP' },
    } as Service) as Service;
    expect(plain.spec).not.toHaveProperty('healthCheckNodePort');
  });

  test('with external IPs has an external traffic policy until they are removed', () => {
    const made = create(services, spec({ externalIPs: ['198.51.100.1'] }));
    expect(made.spec.externalTrafficPolicy).toBe('Cluster');
    const { externalIPs: _, ...without } = made.spec;
    const changed = updateInStore(api, services, { ...made, spec: without } as Service) as Service;
    expect(changed.spec).not.toHaveProperty('externalTrafficPolicy');
  });

  test.each([
    [{ ip: 'rubbish' }, 'ip: Invalid value: "rubbish": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
    [{ hostname: '1.2.3.4' }, 'hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address'],
    [{ hostname: 'a.example', ipMode: 'VIP' }, 'ipMode: Forbidden: may not be specified when `ip` is not set'],
    [{ ip: '1.2.3.4', ipMode: 'Vip' }, 'ipMode: Unsupported value: "Vip": supported values: "Proxy", "VIP"'],
  ])('does not get the load balancer %j as its status', (ingress, problem) => {
    const made = create(services, balancer());
    const status = { loadBalancer: { ingress: [ingress] } };
    const write = () => updateInStore(api, services, { ...made, status } as Service, { subresource: 'status' });
    expect(problems(write)).toEqual([`status.loadBalancer.ingress[0].${problem}`]);
  });

  test('of another type gets no load balancer as its status', () => {
    const status = { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } };
    const write = () =>
      updateInStore(api, services, { ...create(services, spec({})), status } as Service, { subresource: 'status' });
    expect(problems(write)).toEqual([
      "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
    ]);
  });
});

describe('a node', () => {
  test.each([
    [
      { podCIDRs: ['10.244.1.0/24 -j DROP'] },
      'spec.podCIDRs[0]: Invalid value: "10.244.1.0/24 -j DROP": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
    [
      { podCIDRs: ['10.244.1.0/24', '10.244.2.0/24'] },
      'spec.podCIDRs: Invalid value: []string{"10.244.1.0/24", "10.244.2.0/24"}: may specify no more than one CIDR for each IP family',
    ],
  ])('is refused with the networks %j', (spec, problem) => {
    expect(problems(() => create(nodes, { spec }))).toEqual([problem]);
  });

  test('may be dual-stack, and keeps its networks', () => {
    const made = create(nodes, { spec: { podCIDRs: ['10.244.1.0/24', 'fd00:244::/64'] } });
    expect(made.spec?.podCIDR).toBe('10.244.1.0/24');
    const changed = { ...made, spec: { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24'] } } as KubeObject;
    expect(problems(() => updateInStore(api, nodes, changed))).toEqual([
      'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
    ]);
  });

  test('has each address once', () => {
    const address = { type: 'InternalIP', address: '192.168.56.11' };
    const made = create(nodes, {});
    const twice = { ...made, status: { addresses: [address, address] } } as KubeObject;
    expect(problems(() => updateInStore(api, nodes, twice, { subresource: 'status' }))).toEqual([
      'status.addresses[1]: Duplicate value: core.NodeAddress{Type:"InternalIP", Address:"192.168.56.11"}',
    ]);
  });
});
