// Makes Kubernetes objects for tests. A field that the test does not set has a default.
import type { Deployment } from '../../src/api/apps.ts';
import type { Node, Service, ServiceSpec } from '../../src/api/core.ts';
import type { Pod, PodSpec } from '../../src/api/core-pods.ts';

export const aPodSpec = (spec: Partial<PodSpec> = {}): PodSpec => ({
  containers: [{ name: 'main', image: 'web', ports: [{ name: 'http', containerPort: 80 }] }],
  ...spec,
});

export interface PodOptions {
  readonly labels?: Record<string, string>;
  readonly node?: string;
  readonly ip?: string;
  readonly ready?: boolean;
  readonly deleting?: boolean;
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly spec?: Partial<PodSpec>;
  readonly metadata?: Partial<Pod['metadata']>;
}

export const aPod = (name: string, options: PodOptions = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'default',
    uid: `uid-of-${name}`,
    labels: options.labels ?? { app: 'web' },
    ...(options.deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    ...options.metadata,
  },
  spec: aPodSpec({ ...(options.node === undefined ? {} : { nodeName: options.node }), ...options.spec }),
  status: {
    phase: options.phase ?? 'Running',
    ...(options.ip === undefined ? {} : { podIP: options.ip, podIPs: [{ ip: options.ip }] }),
    conditions: [
      {
        type: 'Ready',
        status: (options.ready ?? true) ? 'True' : 'False',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ],
  },
});

export const aService = (name: string, spec: Partial<ServiceSpec> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default', uid: `uid-of-${name}`, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: {
    selector: { app: 'web' },
    ports: [{ port: 80, protocol: 'TCP', targetPort: 'http' }],
    clusterIP: '10.96.0.20',
    ...spec,
  },
});

export const aNode = (name: string, rest: Partial<Node> & { labels?: Record<string, string> } = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, uid: `uid-of-${name}`, labels: { 'kubernetes.io/hostname': name, ...rest.labels } },
  ...(rest.spec ? { spec: rest.spec } : {}),
  status: rest.status ?? {
    allocatable: { cpu: '2', memory: '1Gi', pods: '110' },
    conditions: [{ type: 'Ready', status: 'True' }],
  },
});

export const aDeployment = (name: string, replicas: number, image = 'web:1'): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image }] } },
  },
});
