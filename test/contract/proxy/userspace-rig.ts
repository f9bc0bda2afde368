// The world, the neighbours and the service that each test of userspace mode uses.
import type { ChildProcess } from 'node:child_process';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { ServiceSpec } from '../../../src/api/core.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import { UndoStack } from '../../../src/kit/undo.ts';
import { marker, markerChanges } from '../../support/proxy/marker.ts';
import { type Family, Neighbours, pods } from '../../support/proxy/neighbours.ts';
import { put, World } from '../../support/proxy/world.ts';

export interface Answer {
  readonly at?: string;
  readonly from?: string;
  readonly error?: string;
}

export const serviceIp = { IPv4: '10.96.0.20', IPv6: 'fd00:96::20' } as const;
export const families: readonly Family[] = ['IPv4', 'IPv6'];
const targetPorts = { who: 8080, echo: 8081, digest: 8082, reset: 8083 } as const;
export let world: World;
export let around: Neighbours;
let running: ChildProcess | undefined;

/**
 * Creates a world and neighbours for the tests of the calling file. Each test starts without objects.
 * @param kubeProxy whether each test starts without kube-proxy and rules, or keeps those of the test before
 */
export const useWorld = (kubeProxy: 'fresh' | 'shared' = 'fresh'): void => {
  const undo = new UndoStack();
  beforeAll(async () => {
    running = undefined;
    world = await World.create();
    undo.push('world', () => world[Symbol.asyncDispose]());
    around = await Neighbours.create(world);
    undo.push('neighbours', () => around[Symbol.asyncDispose]());
  });
  afterEach(async () => {
    if (kubeProxy === 'shared') return world.deleteObjects();
    running = undefined;
    await world.reset();
  });
  afterAll(() => undo[Symbol.asyncDispose]());
};

/** A service port for each kind of server in the pods. */
export const ports: ServiceSpec['ports'] = [
  { name: 'who', port: 80, nodePort: 30080 },
  { name: 'echo', port: 81, nodePort: 30081 },
  { name: 'digest', port: 82, nodePort: 30082 },
  { name: 'reset', port: 83, nodePort: 30083 },
  { name: 'dns', port: 80, protocol: 'UDP', nodePort: 30080 },
];
export const web = (spec: Partial<ServiceSpec> = {}, status = {}) =>
  put.service({
    metadata: { name: 'web', namespace: 'default' },
    spec: { type: 'NodePort', clusterIP: serviceIp.IPv4, clusterIPs: Object.values(serviceIp), ports, ...spec },
    ...status,
  });
export const slice = (family: Family, ips: readonly string[], nodeName = 'n1') =>
  put.slice({
    metadata: { name: `web-${family}`, namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: family,
    ports: [
      ...Object.entries(targetPorts).map(([name, port]) => ({ name, port, protocol: 'TCP' as const })),
      { name: 'dns', port: targetPorts.who, protocol: 'UDP' },
    ],
    endpoints: ips.map((address) => ({ addresses: [address], conditions: { ready: true }, nodeName })),
  });
/** Creates the objects and starts kube-proxy, or waits until the running kube-proxy has applied them. */
export const start = async (...changes: Parameters<World['change']>): Promise<ChildProcess> => {
  if (running) {
    await change(...changes);
    return running;
  }
  await world.change(...changes);
  running = await world.startProxy('--proxy-mode=userspace', '--cluster-cidr=10.244.0.0/16,fd00::/56');
  return running;
};
export const bothFamilies = () => families.map((family) => slice(family, pods[family].slice(0, 3)));
let marks = 0;
/** Applies changes and a marker service. Resolves when the marker answers in both families, after all rules. */
export const change = async (...changes: Parameters<World['change']>): Promise<void> => {
  const mark = ++marks;
  await world.change(...changes, ...markerChanges(mark, { IPv4: pods.IPv4[0], IPv6: pods.IPv6[0] }));
  for (const family of families) {
    const look = async () => {
      const [answer] = await who('n', marker.address[family], marker.port(mark), 1, 300);
      return answer?.at === undefined ? notYet(`${answer?.error}\n${world.log().slice(-2000)}`) : done(undefined);
    };
    await eventually(`change ${mark} is in force (${family})`, look, { timeoutMs: 15_000 });
  }
};
export const who = (where: string, host: string, port: number, count = 1, timeoutMs = 10_000): Promise<Answer[]> =>
  around.ask<Answer[]>(where, 'who', host, String(port), String(count), String(timeoutMs));
export const udp = (where: string, host: string, port: number, count = 1): Promise<Answer[]> =>
  around.ask<Answer[]>(where, 'udp', host, String(port), String(count));
