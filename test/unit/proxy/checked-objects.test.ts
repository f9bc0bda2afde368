// What kube-proxy leaves out of the rules of one object, and what it logs about it.
import { beforeEach, describe, expect, test } from 'vitest';
import type { Service, ServiceSpec } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import { nodeView } from '../../../src/node/proxy/view/node-view.ts';
import { servicePortsOf } from '../../../src/node/proxy/view/service-ports.ts';
import { checkSlice, endpointsOf } from '../../../src/node/proxy/view/slice-endpoints.ts';

const logged: string[] = [];
const complain = (message: string, fields: object): void => {
  logged.push([message, ...Object.entries(fields).map(([key, value]) => `${key}=${value}`)].join(' '));
};
beforeEach(() => {
  logged.length = 0;
});

describe('of a slice', () => {
  const endpointsWith = (parts: object): string[] => {
    const slice = {
      metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      ports: [{ name: '', port: 80 }],
      endpoints: [{ addresses: ['10.244.1.7'] }],
      ...parts,
    } as unknown as EndpointSlice;
    const checked = checkSlice(slice, { family: 'IPv4', nodeName: 'n1', complain });
    return [...endpointsOf(checked ? [checked] : []).values()].flat().map(({ address }) => address);
  };
  const good = { addresses: ['10.244.1.7'] };

  test('an IPv6 address in an IPv4 slice is left out, and the other endpoints stay', () => {
    expect(endpointsWith({ endpoints: [{ addresses: ['fd00::1'] }, good] })).toEqual(['10.244.1.7:80']);
    expect(logged).toEqual(['Incorrect IP version service=default/web field=endpointslice value=fd00::1']);
  });

  test.each([99_999, -1, 0, 1.5, '80', null])('port %j is left out, and the other ports stay', (port) => {
    const ports = [
      { name: 'bad', port },
      { name: '', port: 80 },
    ];
    expect(endpointsWith({ ports })).toEqual(['10.244.1.7:80']);
    expect(logged).toEqual([`Ignoring invalid endpoint port service=default/web portName=bad port=${port}`]);
  });

  test.each([
    [[], 'Ignoring invalid endpoint port with empty address service=default/web'],
    [['10.0.0.1 -j DROP'], 'Ignoring invalid endpoint address service=default/web address=10.0.0.1 -j DROP'],
    [[7], 'Ignoring invalid endpoint address service=default/web address=7'],
  ])('addresses %j are left out', (addresses, line) => {
    expect(endpointsWith({ endpoints: [{ addresses }, good] })).toEqual(['10.244.1.7:80']);
    expect(logged).toEqual([line]);
  });

  test('zeros in front of an octet do no harm', () => {
    expect(endpointsWith({ endpoints: [{ addresses: ['010.244.001.007'] }] })).toEqual(['10.244.1.7:80']);
  });
});

describe('of a service', () => {
  const portsWith = (spec: object, parts: object = {}) => {
    const service = { metadata: { name: 'web', namespace: 'default' }, ...parts } as unknown as Service;
    service.spec = { clusterIP: '10.96.0.1', ports: [{ port: 80 }], ...spec } as unknown as ServiceSpec;
    return servicePortsOf(service, 'IPv4', complain);
  };

  test.each([
    [{ externalIPs: ['10.0.0.1\n-F', '198.51.100.1'] }, 'externalIps', ['198.51.100.1']],
    [{ loadBalancerSourceRanges: ['rubbish', ' 10.1.2.3/8 '] }, 'sourceRanges', ['10.0.0.0/8']],
    [{ ports: [{ port: 80, nodePort: 99_999 }] }, 'nodePort', 0],
    [
      { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: -5 } } },
      'affinitySeconds',
      undefined,
    ],
  ])('an invalid value in %j is left out and logged, and the port stays', (spec, field, value) => {
    const [port] = portsWith(spec);
    expect(port).toMatchObject({ clusterIp: '10.96.0.1', port: 80 });
    expect(port).toHaveProperty(field, value);
    expect(logged).toHaveLength(1);
  });

  test('an invalid port is left out, and its other ports stay', () => {
    const ports = [
      { name: 'a', port: 80, protocol: 'ICMP' },
      { name: '" -j DROP', port: 81 },
      { name: 'c', port: 0 },
      { name: 'd', port: 82 },
    ];
    expect(portsWith({ ports }).map(({ key }) => key)).toEqual(['default/web:d/TCP']);
    expect(logged).toHaveLength(3);
  });

  test('a name that is no name of Kubernetes hides the service', () => {
    expect(portsWith({}, { metadata: { name: 'we"b', namespace: 'default' } })).toEqual([]);
    expect(logged).toEqual(['Ignoring service with an invalid name service=default/we"b']);
  });
});

test('of a node, addresses and pod networks that are none are left out', () => {
  const node = {
    metadata: { name: 'n1' },
    spec: { podCIDRs: ['10.244.1.0/24 -j DROP', '10.244.1.0/24'] },
    status: {
      addresses: [
        { type: 'InternalIP', address: 'fe80::1%eth0' },
        { type: 'InternalIP', address: '192.168.56.11' },
        {},
      ],
    },
  } as unknown as Parameters<typeof nodeView>[1];
  expect(nodeView('n1', node, '0.0.0.0', complain)).toMatchObject({
    addresses: { IPv4: '192.168.56.11' },
    podCidrs: ['10.244.1.0/24'],
  });
  expect(logged).toEqual(['Ignoring invalid pod CIDR of the node cidr=10.244.1.0/24 -j DROP']);
});
