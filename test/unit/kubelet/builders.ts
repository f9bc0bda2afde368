// Builds pods, records and views for the kubelet's tests. A test sets only the fields that matter for it.
import type { Container, Pod, PodSpec, PodStatus } from '../../../src/api/core-pods.ts';
import type { ImageConfig } from '../../../src/api/images.ts';
import type { ObjectMeta } from '../../../src/api/meta.ts';
import { containerSpec } from '../../../src/node/kubelet/container/spec.ts';
import { planPod } from '../../../src/node/kubelet/pod/plan.ts';
import type { Step } from '../../../src/node/kubelet/pod/steps.ts';
import type { PodView } from '../../../src/node/kubelet/pod/view.ts';
import type { ContainerExit, ContainerRecord, Sandbox } from '../../../src/node/kubelet/runtime/runtime.ts';

export const now = Date.parse('2026-11-23T12:00:00Z');
export const at = (seconds: number): string => new Date(now + seconds * 1000).toISOString();

export const podWith = (
  spec: Partial<PodSpec> = {},
  { metadata = {}, status }: { metadata?: Partial<ObjectMeta>; status?: PodStatus } = {},
): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'u1', ...metadata },
  spec: { containers: [{ name: 'c', image: 'web' }], nodeName: 'node01', ...spec },
  ...(status ? { status } : {}),
});

const podRef = { namespace: 'default', name: 'web', uid: 'u1' };

export const sandbox: Sandbox = {
  id: 's1',
  pod: podRef,
  netns: '/run/netns/cni-s1',
  ip: '10.244.1.2',
  createdAt: at(-60),
};

export const record = (
  over: Partial<Omit<ContainerRecord, 'exit'>> & { exit?: Partial<ContainerExit> } = {},
): ContainerRecord => {
  const { exit, ...rest } = over;
  const attempt = rest.attempt ?? 0;
  return {
    id: `c${attempt}`,
    pod: podRef,
    sandboxId: 's1',
    name: 'c',
    attempt,
    backoffMs: 0,
    image: 'docker.io/library/web:latest',
    imageId: 'sha256:aa',
    startedAt: at(-30),
    pid: 100,
    terminal: false,
    stdin: false,
    stopSignal: 'TERM',
    logPath: '/var/log/pods/x/c/0.log',
    ...rest,
    ...(exit ? { exit: { code: 1, finishedAt: at(0), ...exit } } : {}),
  };
};

export const viewOf = (over: Partial<PodView> = {}): PodView => ({
  pod: podWith(),
  removed: false,
  sandbox,
  sandboxIntact: true,
  containers: [],
  probes: new Map(),
  stopping: new Map(),
  postStart: new Map(),
  preStop: new Set(),
  blocked: new Map(),
  now,
  ...over,
});

/** A step as one readable line. */
const describeStep = (step: Step): string => {
  if ('record' in step) return `${step.do} ${step.record.name} #${step.record.attempt}`;
  return step.do === 'start' ? `start ${step.container.name} #${step.attempt}` : step.do;
};
export const stepsOf = (view: PodView): string[] => planPod(view).steps.map(describeStep);

export const container = (over: Partial<Container> = {}): Container => ({ name: 'c', image: 'web', ...over });

export const passwd = 'root:x:0:0:root:/root:/bin/sh\nmysql:x:999:998::/var/lib/mysql:/bin/false\n';
/** The user `mysql` is also a member of the group `extra`. */
export const group = 'root:x:0:\nmysql:x:998:\nextra:x:50:mysql,other\n';

/** @param over the container's fields that differ from the defaults */
export const specOf = (over: Partial<Container>, config: ImageConfig = {}, pod = podWith()) =>
  containerSpec(container(over), {
    pod,
    podIp: '10.244.1.2',
    hostIp: '192.168.56.11',
    sources: { token: () => '', configMap: () => undefined, secret: () => undefined },
    services: [],
    sandboxId: 's1',
    attempt: 0,
    backoffMs: 0,
    image: { reference: 'docker.io/library/web:latest', digest: 'sha256:aa', size: 1, config },
    passwd,
    group,
    nodeName: 'node01',
    clusterDomain: 'cluster.local',
    mounts: [],
    allocatable: { cpu: '2', memory: '2Gi', 'ephemeral-storage': '10Gi' },
  });
