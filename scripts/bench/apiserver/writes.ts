// Status writes through the API server's write path, with a store in memory: what kubelets and controllers send most.
import type { KubeObject } from '../../../src/api/meta.ts';
import { nodes, pods, type Resource } from '../../../src/api/resources.ts';
import { parseCidr } from '../../../src/api/scalars.ts';
import { createInStore, updateInStore } from '../../../src/node/apiserver/admission/write.ts';
import { createIpAllocator } from '../../../src/node/apiserver/allocation/ip-allocator.ts';
import { createPortAllocator } from '../../../src/node/apiserver/allocation/port-allocator.ts';
import { bootstrap } from '../../../src/node/apiserver/bootstrap.ts';
import { managerFor } from '../../../src/node/apiserver/ownership/managers.ts';
import type { AdmissionContext } from '../../../src/node/apiserver/resources/definition.ts';
import { openStore } from '../../../src/node/apiserver/store/store.ts';
import { percentile } from '../figures.ts';

export interface Cost {
  readonly name: string;
  /** Microseconds of CPU time of a write that records no owner, and of one that does. */
  readonly without: number;
  readonly owned: number;
}

interface Workload {
  readonly name: string;
  readonly resource: Resource;
  readonly object: KubeObject;
  /** The status of the write with this number. */
  status(count: number): unknown;
}

/** So few writes at once that their garbage is rarely collected within the measured time. */
const batch = 20;

/** The median of many batches, which alternate between both kinds of write. The first half warms the compiler up. */
export const costs = (writes: number): Cost[] =>
  workloads.map((workload) => {
    const without = startWriting(workload, false);
    const owned = startWriting(workload, true);
    const pairs = Array.from({ length: (2 * writes) / batch }, () => [cpuTime(without), cpuTime(owned)] as const);
    const measured = pairs.slice(pairs.length / 2);
    const median = (times: readonly number[]): number => percentile(times, 50);
    return {
      name: workload.name,
      without: median(measured.map(([time]) => time)),
      owned: median(measured.map(([, time]) => time)),
    };
  });

/** Prepares the writes first, so that the time of a client does not count. */
const cpuTime = (prepare: () => () => void): number => {
  const writes = Array.from({ length: batch }, prepare);
  const before = process.cpuUsage();
  for (const write of writes) write();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / batch;
};

/** Every write sends what a client holds: a copy of the stored object that came as JSON. */
const startWriting = ({ resource, object, status }: Workload, isOwned: boolean): (() => () => void) => {
  const api = memoryApi();
  const by = (name: string, subresource?: string) => ({
    subresource,
    manager: isOwned ? managerFor(resource, { name, operation: 'Update', subresource }) : undefined,
  });
  createInStore(api, resource, object, by('kubectl'));
  const copy = (): KubeObject => {
    const current = JSON.parse(JSON.stringify(api.store.get(resource, object.metadata))) as KubeObject;
    delete current.metadata.resourceVersion;
    return current;
  };
  for (const writer of ['kube-scheduler', 'kube-controller-manager']) {
    const { metadata, ...rest } = copy();
    const annotations = { ...metadata.annotations, [writer]: 'seen' };
    updateInStore(api, resource, { ...rest, metadata: { ...metadata, annotations } }, by(writer));
  }
  let count = 0;
  const prepare = () => {
    const next = { ...copy(), status: status(++count) };
    return () => void updateInStore(api, resource, next, by('kubelet', 'status'));
  };
  prepare()();
  return prepare;
};

const memoryApi = (): AdmissionContext => {
  const api = {
    store: openStore({ load: () => [].values(), append() {}, compacted: 0, compact() {}, forget() {}, close() {} }),
    clusterIps: createIpAllocator(parseCidr('10.96.0.0/12')),
    nodePorts: createPortAllocator({ first: 30_000, last: 32_767 }),
    logger: { info() {}, warning() {}, error() {}, enabled: () => false },
  };
  bootstrap(api, '192.168.56.10', 6443);
  return api;
};

const condition = (type: string, seconds: number) => ({
  type,
  status: 'True',
  lastHeartbeatTime: new Date(seconds * 1000).toISOString(),
  lastTransitionTime: new Date(0).toISOString(),
  reason: `${type}Reason`,
  message: `${type} was looked at`,
});

const container = (name: string) => ({
  name,
  image: 'nginx:1.27',
  ports: [{ name: `${name}-http`, containerPort: 80 }],
  env: [
    { name: 'COLOUR', value: 'blue' },
    { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
  ],
  readinessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 2 },
  volumeMounts: [{ name: 'config', mountPath: '/etc/config' }],
});

const workloads: readonly Workload[] = [
  {
    name: 'a pod with two containers',
    resource: pods,
    object: {
      metadata: { name: 'web', namespace: 'default', labels: { app: 'web', tier: 'front' } },
      spec: {
        nodeName: 'node01',
        containers: ['web', 'log'].map(container),
        volumes: [{ name: 'config', emptyDir: {} }],
      },
    } as unknown as KubeObject,
    status: (count) => ({
      phase: 'Running',
      hostIP: '192.168.56.11',
      podIP: '10.244.1.2',
      podIPs: [{ ip: '10.244.1.2' }],
      conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => condition(type, count)),
      containerStatuses: ['web', 'log'].map((name) => ({
        name,
        ready: true,
        restartCount: count,
        image: 'nginx:1.27',
        imageID: 'sha256:0',
        state: { running: { startedAt: new Date(count * 1000).toISOString() } },
      })),
    }),
  },
  {
    name: 'a node',
    resource: nodes,
    object: {
      metadata: { name: 'node09', labels: { 'kubernetes.io/hostname': 'node09', 'kubernetes.io/os': 'linux' } },
      spec: { podCIDR: '10.244.9.0/24', podCIDRs: ['10.244.9.0/24'] },
    } as unknown as KubeObject,
    status: (count) => ({
      addresses: [{ type: 'InternalIP', address: '192.168.56.19' }],
      capacity: { cpu: '2', memory: '4Gi', pods: '110' },
      allocatable: { cpu: '2', memory: '4Gi', pods: '110' },
      conditions: ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'].map((type) => condition(type, count)),
      nodeInfo: { kubeletVersion: 'v1.32.0', osImage: 'Debian GNU/Linux 13', architecture: 'amd64' },
    }),
  },
];
