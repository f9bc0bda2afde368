// Where probes must arrive, as the fabric is told.
import { expect, test } from 'vitest';
import type { HttpProbe, TcpProbe } from '../../../src/api/probes.ts';
import { gradeLab } from '../../../src/host/grade/engine.ts';
import { accessTo, labOf, nobody, objects, pod, service, type World } from './world.ts';

const answered = { ok: true, status: 200, body: '', remote: '', local: '', milliseconds: 1, banner: '' } as const;

const slice = (name: string, addresses: readonly string[], ports: readonly object[]) => ({
  metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
  endpoints: addresses.map((address) => ({ addresses: [address] })),
  ports,
});

const web = {
  ...service('web', '10.96.5.5', 80),
  spec: {
    type: 'NodePort',
    clusterIP: '10.96.5.5',
    externalIPs: ['192.0.2.7'],
    ports: [
      { name: 'http', port: 80, nodePort: 30080 },
      { name: 'dns', port: 53, protocol: 'UDP', nodePort: 30053 },
      { name: 'admin', port: 81, nodePort: 30081 },
    ],
  },
};

const world: World = {
  http: () => answered,
  tcp: () => answered,
  objects: {
    '/api/v1/pods': [
      ...(objects['/api/v1/pods'] ?? []),
      pod('web', 'node02', '10.244.2.2'),
      pod('gone', 'nodeXX', '10.244.2.9'),
      pod('forged', 'node01', '/.*/'),
    ],
    '/api/v1/services': [...(objects['/api/v1/services'] ?? []), web],
    '/apis/discovery.k8s.io/v1/endpointslices': [
      ...(objects['/apis/discovery.k8s.io/v1/endpointslices'] ?? []),
      slice(
        'web',
        ['10.244.2.2', '192.168.56.12', '10.244.2.9', '203.0.113.1', '/.*/'],
        [
          { name: 'http', port: 8080 },
          { name: 'admin', port: 8081 },
        ],
      ),
      // Somebody wrote an endpoint by hand that the controller has, too. It is one place all the same.
      slice('web', ['10.244.2.2'], [{ name: 'http', port: 8080 }]),
    ],
  },
};

/** The stages of the probe of a check: each place as `machine [podIp] address:port`. */
const stagesOf = async (check: Record<string, unknown>): Promise<readonly (readonly string[])[] | undefined> => {
  const probes: (HttpProbe | TcpProbe)[] = [];
  const access = accessTo(world);
  const fabric = {
    call: (method: string, params: unknown) => {
      if (method === 'http' || method === 'tcp') probes.push(params as HttpProbe);
      return access.fabric.call(method as 'http', params as HttpProbe);
    },
  };
  const lab = labOf([{ type: check.to ? 'tcp' : 'http', from: 'pod/blue', ...check }]);
  const spied = { ...access, fabric } as typeof access;
  await gradeLab({ lab, access: spied, progress: nobody, once: true, signal: new AbortController().signal });
  expect(probes).toHaveLength(1);
  return probes[0]?.stages?.map((stage) =>
    stage.map(({ place, address, port, leaves }) =>
      [leaves ? 'leaves' : '', place.machine, place.podIp, `${address}:${port ?? '*'}`].filter(Boolean).join(' '),
    ),
  );
};

const endpoints = ['node02 10.244.2.2 10.244.2.2:8080', 'node02 192.168.56.12:8080'];

/** The pod blue itself must send the probe there. */
const leaves = (to: string): readonly string[] => [`leaves node01 10.244.1.3 ${to}`];

test.each([
  ['the endpoints of a service', { url: 'http://10.96.5.5/' }, [leaves('10.96.5.5:80'), endpoints]],
  ['an external address', { url: 'http://192.0.2.7:80/' }, [leaves('192.0.2.7:80'), endpoints]],
  [
    'the node of a NodePort, then the endpoints',
    { url: 'http://192.168.56.11:30080/' },
    [leaves('192.168.56.11:30080'), ['node01 192.168.56.11:30080'], endpoints],
  ],
  [
    'the node of a NodePort, from a client',
    { from: 'client', url: 'http://192.168.56.11:30080/' },
    [['leaves client 192.168.56.11:30080'], ['node01 192.168.56.11:30080'], endpoints],
  ],
  ['no node that sends the packet itself', { from: 'node/node01', url: 'http://192.168.56.11:30080/' }, [endpoints]],
  [
    'a machine',
    { url: 'http://192.168.56.10:10249/' },
    [leaves('192.168.56.10:10249'), ['controlplane 192.168.56.10:10249'], ['controlplane 192.168.56.10:10249']],
  ],
  ['a pod', { url: 'http://10.244.2.2:1234/' }, [leaves('10.244.2.2:1234'), ['node02 10.244.2.2 10.244.2.2:1234']]],
  ['the pod itself', { url: 'http://10.244.1.3:1234/' }, [['node01 10.244.1.3 10.244.1.3:1234']]],
  ['a database', { to: '10.103.132.104:3306' }, [leaves('10.103.132.104:3306'), ['node01 10.244.1.2 10.244.1.2:3306']]],
  ['nothing that labs knows', { url: 'http://198.51.100.1/' }, [leaves('198.51.100.1:80')]],
  ['nothing, from a node', { from: 'node/node01', url: 'http://198.51.100.1/' }, undefined],
  ['nothing, for a port of the service that is for UDP', { url: 'http://10.96.5.5:53/' }, [leaves('10.96.5.5:53')]],
  [
    'what the lab names',
    { url: 'http://10.96.5.5/', lands: 'pod/db' },
    [leaves('10.96.5.5:80'), ['node01 10.244.1.2 10.244.1.2:*']],
  ],
  [
    'the endpoints that the lab names',
    { url: 'http://10.96.5.5/', lands: 'endpoints/db-service' },
    [leaves('10.96.5.5:80'), ['node01 10.244.1.2 10.244.1.2:3306']],
  ],
  ['anywhere, with not', { url: 'http://10.96.5.5/', not: true }, []],
])('a probe must arrive at %s', async (_, check, stages) => {
  expect(await stagesOf(check)).toEqual(stages);
});
