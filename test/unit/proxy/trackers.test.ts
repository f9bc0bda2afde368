// Changes of services and endpoints between two syncs.
import { describe, expect, test } from 'vitest';
import type { Service } from '../../../src/api/core.ts';
import { type EndpointSlice, lastChangeAnnotation } from '../../../src/api/discovery.ts';
import type { IpFamily } from '../../../src/node/proxy/types.ts';
import { EndpointTracker, ServiceTracker } from '../../../src/node/proxy/view/trackers.ts';
import { silent } from '../../support/proxy/replay.ts';

const service = (port: number, clusterIP = '10.96.0.1'): Service => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { clusterIP, ports: [{ name: 'http', port }] },
});
const slice = (name: string, ...ips: string[]): EndpointSlice => ({
  metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 8080 }],
  endpoints: ips.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
});

test('a slice that was replaced by one of another family leaves no endpoints', () => {
  const tracker = new EndpointTracker('IPv4', 'n1', silent);
  tracker.update(undefined, slice('web-1', '10.0.0.1'));
  tracker.apply();
  tracker.update(slice('web-1', '10.0.0.1'), { ...slice('web-1', 'fd00::1'), addressType: 'IPv6' });
  expect([...tracker.apply()]).toEqual(['default/web:http/TCP']);
  expect(tracker.endpoints.size).toBe(0);
});

describe('the tracker of services', () => {
  test('keeps the first state before and the last state after', () => {
    const tracker = new ServiceTracker('IPv4', silent);
    tracker.update(undefined, service(80));
    tracker.update(service(80), service(81));
    expect([...tracker.apply()]).toEqual(['default/web:http/TCP']);
    expect(tracker.ports.get('default/web:http/TCP')?.port).toBe(81);
  });

  test('ignores what appears and disappears between two syncs', () => {
    const tracker = new ServiceTracker('IPv4', silent);
    tracker.update(undefined, service(80));
    tracker.update(service(80), undefined);
    expect(tracker.pending).toBe(0);
    tracker.update(undefined, service(80));
    tracker.apply();
    tracker.update(service(80), service(81));
    tracker.update(service(81), service(80));
    expect(tracker.pending).toBe(0);
  });

  test('ignores changes that do not affect rules', () => {
    const tracker = new ServiceTracker('IPv4', silent);
    tracker.update(undefined, service(80));
    tracker.apply();
    tracker.update(service(80), { ...service(80), metadata: { ...service(80).metadata, labels: { a: 'b' } } });
    expect(tracker.pending).toBe(0);
  });

  test('treats a port with a changed protocol as another port', () => {
    const tracker = new ServiceTracker('IPv4', silent);
    const udp: Service = {
      ...service(80),
      spec: { ...service(80).spec, ports: [{ name: 'http', port: 80, protocol: 'UDP' }] },
    };
    tracker.update(undefined, service(80));
    tracker.apply();
    tracker.update(service(80), udp);
    expect([...tracker.apply()].sort()).toEqual(['default/web:http/TCP', 'default/web:http/UDP']);
    expect([...tracker.ports.keys()]).toEqual(['default/web:http/UDP']);
  });

  test('treats a service that another proxy handles as deleted', () => {
    const tracker = new ServiceTracker('IPv4', silent);
    tracker.update(undefined, service(80));
    tracker.apply();
    const other = {
      ...service(80),
      metadata: { ...service(80).metadata, labels: { 'service.kubernetes.io/service-proxy-name': 'x' } },
    };
    tracker.update(service(80), other);
    tracker.apply();
    expect(tracker.ports.size).toBe(0);
  });

  test('drops invalid addresses, and keeps the rest of the service', () => {
    const odd: Service = {
      ...service(80),
      spec: {
        ...service(80).spec,
        externalIPs: ['example.org', '203.0.113.1'],
        loadBalancerSourceRanges: ['10.0.0.0/99', ' 10.0.0.0/8'],
      },
      status: { loadBalancer: { ingress: [{ ip: '' }, { hostname: 'lb.example.org' }] } },
    };
    const tracker = new ServiceTracker('IPv4', silent);
    tracker.update(undefined, odd);
    tracker.apply();
    expect(tracker.ports.get('default/web:http/TCP')).toMatchObject({
      externalIps: ['203.0.113.1'],
      sourceRanges: ['10.0.0.0/8'],
      loadBalancerIps: [],
    });
  });

  test.each([
    { family: 'IPv4', ranges: ['fd00::/8'] },
    { family: 'IPv6', ranges: [] },
  ] as const)('has no source ranges of $family when one of them is the whole family', ({ family, ranges }) => {
    const open: Service = {
      ...service(80),
      spec: {
        ...service(80).spec,
        clusterIPs: ['10.96.0.1', 'fd00::1'],
        loadBalancerSourceRanges: ['10.0.0.0/8', '0.0.0.0/0', 'fd00::/8', ...(family === 'IPv6' ? ['::/0'] : [])],
      },
    };
    const rangesOf = (each: IpFamily): readonly string[] | undefined => {
      const tracker = new ServiceTracker(each, silent);
      tracker.update(undefined, open);
      tracker.apply();
      return tracker.ports.get('default/web:http/TCP')?.sourceRanges;
    };
    expect(rangesOf('IPv4')).toEqual([]);
    expect(rangesOf('IPv6')).toEqual(ranges);
  });

  test('serves a service that bears the label of headless services but has an address', () => {
    const labelled: Service = service(80);
    const tracker = new ServiceTracker('IPv4', silent);
    tracker.update(undefined, {
      ...labelled,
      metadata: { ...labelled.metadata, labels: { 'service.kubernetes.io/headless': '' } },
    });
    tracker.apply();
    expect([...tracker.ports.keys()]).toEqual(['default/web:http/TCP']);
  });

  test('keeps only addresses of its own family', () => {
    const dual: Service = {
      ...service(80),
      spec: { ...service(80).spec, clusterIPs: ['10.96.0.1', 'fd00::1'], externalIPs: ['fd00::9', '203.0.113.1'] },
    };
    const tracker = new ServiceTracker('IPv6', silent);
    tracker.update(undefined, dual);
    tracker.apply();
    expect(tracker.ports.get('default/web:http/TCP')).toMatchObject({ clusterIp: 'fd00::1', externalIps: ['fd00::9'] });
  });
});

describe('the tracker of endpoints', () => {
  const key = 'default/web:http/TCP';
  const addresses = (tracker: EndpointTracker): string[] =>
    (tracker.endpoints.get(key) ?? []).map(({ address }) => address);

  test('joins the slices of a service, with each endpoint once, in alphabetical order', () => {
    const tracker = new EndpointTracker('IPv4', 'n1', silent);
    tracker.update(undefined, slice('a', '10.0.0.1', '10.0.0.10'));
    tracker.update(undefined, slice('b', '10.0.0.1', '10.0.0.2'));
    expect([...tracker.apply()]).toEqual([key]);
    expect(addresses(tracker)).toEqual(['10.0.0.10:8080', '10.0.0.1:8080', '10.0.0.2:8080']);
  });

  test('reports no change when an endpoint only moves to another slice', () => {
    const tracker = new EndpointTracker('IPv4', 'n1', silent);
    tracker.update(undefined, slice('a', '10.0.0.1'));
    tracker.apply();
    tracker.update(undefined, slice('b', '10.0.0.1'));
    tracker.update(slice('a', '10.0.0.1'), undefined);
    expect(tracker.apply().size).toBe(0);
  });

  test('removes a slice from its old service when the slice changes its service', () => {
    const tracker = new EndpointTracker('IPv4', 'n1', silent);
    tracker.update(undefined, slice('a', '10.0.0.1'));
    tracker.apply();
    const moved = slice('a', '10.0.0.1');
    tracker.update(slice('a', '10.0.0.1'), {
      ...moved,
      metadata: { ...moved.metadata, labels: { 'kubernetes.io/service-name': 'other' } },
    });
    expect([...tracker.apply()].sort()).toEqual(['default/other:http/TCP', key]);
    expect(addresses(tracker)).toEqual([]);
  });

  test('reports the time of each change, but not for objects from before the start and not for deleted slices', () => {
    const tracker = new EndpointTracker('IPv4', 'n1', silent);
    const at = (time: number, ...ips: string[]): EndpointSlice => {
      const plain = slice('web-1', ...ips);
      const annotations = { [lastChangeAnnotation]: new Date(time).toISOString() };
      return { ...plain, metadata: { ...plain.metadata, annotations } };
    };
    const [old, soon] = [Date.now() - 5000, Date.now() + 5000];
    tracker.update(undefined, at(old, '10.0.0.1'));
    expect(tracker.takeTriggers()).toEqual([]);
    tracker.update(at(old, '10.0.0.1'), at(soon, '10.0.0.2'));
    // For example, a label of another program.
    tracker.update(at(soon, '10.0.0.2'), at(soon, '10.0.0.2'));
    tracker.update(at(soon, '10.0.0.2'), at(soon + 1000, '10.0.0.3'));
    expect(tracker.takeTriggers()).toEqual([soon, soon + 1000]);
    expect(tracker.takeTriggers()).toEqual([]);
    tracker.update(at(soon + 1000, '10.0.0.3'), at(soon + 2000, '10.0.0.4'));
    tracker.update(at(soon + 2000, '10.0.0.4'), undefined);
    expect(tracker.takeTriggers()).toEqual([]);
  });

  test('treats missing conditions as ready, and a missing port as no port', () => {
    const tracker = new EndpointTracker('IPv4', 'n1', silent);
    const bare: EndpointSlice = {
      ...slice('a'),
      ports: [{ name: 'http', port: 8080 }, { name: 'none' }],
      endpoints: [{ addresses: ['10.0.0.1'] }],
    };
    tracker.update(undefined, bare);
    tracker.apply();
    expect([...tracker.endpoints.keys()]).toEqual([key]);
    expect(tracker.endpoints.get(key)).toMatchObject([{ ready: true, serving: true, terminating: false }]);
  });
});
