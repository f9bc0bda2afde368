// A cluster made of recorded facts, and functions that grade checks in it.
import type { ClusterSpec } from '../../../src/api/cluster.ts';
import type { NamespaceTexts } from '../../../src/api/dataplane.ts';
import type { Facts, FileOutcome, LinkFact, ProcessFact } from '../../../src/api/facts.ts';
import type { LabDefinition, TaskDefinition } from '../../../src/api/lab.ts';
import type {
  HttpOutcome,
  LookupOutcome,
  LookupProbe,
  SeriesOutcome,
  SeriesProbe,
  TcpOutcome,
} from '../../../src/api/probes.ts';
import type { CheckReport, Report } from '../../../src/api/report.ts';
import type { Cidr, Ipv4 } from '../../../src/api/scalars.ts';
import type { ClusterAccess } from '../../../src/host/grade/access.ts';
import { gradeLab } from '../../../src/host/grade/engine.ts';
import type { Student } from '../../../src/host/grade/student.ts';
import { resolveLab } from '../../../src/host/lab/resolve.ts';
import { labSchema } from '../../../src/host/lab/schema.ts';
import { createScripts } from '../../../src/host/script/scripts.ts';
import { LabError, messageOf } from '../../../src/kit/error.ts';

/** The answers of the fabric. A function may throw, as the fabric does. */
export interface World {
  readonly objects?: Readonly<Record<string, readonly unknown[]>>;
  /** The API server's answer to every request. Default: the lists of `objects`. */
  readonly kube?: () => { status: number; body: unknown };
  /** Facts of the kernel, by `machine`, `machine podIp` or `machine netns`. */
  readonly facts?: Readonly<Record<string, Facts>>;
  readonly http?: (at: string, url: string) => HttpOutcome;
  readonly tcp?: (at: string, to: string) => TcpOutcome;
  readonly series?: (series: SeriesProbe) => SeriesOutcome;
  /** Of a parameter at a place. Undefined: there is none. */
  readonly sysctl?: (at: string, name: string) => string | undefined;
  readonly lookup?: (at: string, name: string, probe: LookupProbe) => LookupOutcome;
  /** What the fabric's `dataplane` has read. */
  readonly dataplane?: readonly NamespaceTexts[];
  /** What kube-proxy writes on this machine. */
  readonly twin?: (machine: string) => NamespaceTexts;
  readonly files?: Readonly<Record<string, string>>;
  /** What components have logged, by `machine:component`. */
  readonly journals?: Readonly<Record<string, string>>;
  readonly stopped?: readonly string[];
  /** Default: no change goes on. */
  readonly changeState?: () => { open: boolean; count: number };
  /** May throw. */
  readonly systemctl?: () => void;
  /** Programs of the fabric, such as kubectl. May throw. */
  readonly exec?: (argv: readonly string[], stdin: string) => string;
}

/** Names of the fabric's methods, in the order of the calls. */
export type Calls = string[];

const machines = [
  { name: 'controlplane', role: 'control-plane', address: '192.168.56.10' },
  { name: 'node01', role: 'worker', address: '192.168.56.11' },
  { name: 'node02', role: 'worker', address: '192.168.56.12' },
  { name: 'client', role: 'client', address: '192.168.56.100' },
] as const;

/** One process for all tests of a file. */
export const scripts = createScripts();

export const accessTo = (world: World, calls: Calls = []): ClusterAccess => ({
  name: 'test',
  instance: 'one',
  machines: machines
    .filter(({ name }) => !world.stopped?.includes(name))
    .map((machine, index) => ({ ...machine, address: machine.address as Ipv4, pid: 100 + index })),
  exec: async (_machine, argv, { stdin = '' } = {}) => {
    try {
      return { exitCode: 0, stdout: world.exec?.(argv, stdin) ?? '', stderr: '' };
    } catch (error) {
      return { exitCode: 1, stdout: '', stderr: messageOf(error) };
    }
  },
  scripts,
  fabric: {
    // biome-ignore lint/suspicious/noExplicitAny: one function for all methods, each with its own type
    async call(method, params): Promise<any> {
      // Asked before and after each look, which says nothing about the checks.
      if (method !== 'changeState') calls.push(method);
      return answer(world, method, params as unknown as Params);
    },
  },
});

interface Params {
  readonly place: { readonly machine: string; readonly podIp?: string; readonly netns?: string };
  readonly path: string;
  readonly machine: string;
  readonly unit: string;
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly name: string;
}

const answer = (world: World, method: string, params: Params): unknown => {
  const at = params.place
    ? [params.place.machine, params.place.podIp ?? params.place.netns].filter(Boolean).join(' ')
    : '';
  switch (method) {
    case 'kube':
      return world.kube?.() ?? { status: 200, body: { items: world.objects?.[params.path] ?? [] } };
    case 'beginChange':
      return { begun: true };
    case 'systemctl':
      world.systemctl?.();
      return {};
    case 'endChange':
    case 'plug':
      return {};
    case 'changeState':
      return world.changeState?.() ?? { open: false, count: 0 };
    case 'leftChange':
      return {};
    case 'dataplane':
      return world.dataplane ?? [];
    case 'twin': {
      if (world.twin) return world.twin(params.machine);
      throw new LabError('FABRIC_TOOL', `kube-proxy could not run for ${params.machine}`);
    }
    case 'facts': {
      const facts = world.facts?.[at];
      if (facts) return facts;
      throw new LabError('LAB_FABRIC_GONE', `the fabric says nothing about ${at}`);
    }
    case 'http':
      return world.http?.(at, params.url);
    case 'tcp':
      return world.tcp?.(at, `${params.host}:${params.port}`);
    case 'series':
      return world.series?.(params as unknown as SeriesProbe);
    case 'sysctl': {
      const value = world.sysctl?.(at, params.name);
      return value === undefined ? {} : { value };
    }
    case 'lookup':
      return world.lookup?.(at, params.name, params as unknown as LookupProbe);
    case 'journal':
    case 'readFile': {
      const from = method === 'journal' ? world.journals : world.files;
      const content = from?.[`${params.machine}:${method === 'journal' ? params.unit : params.path}`];
      const outcome: FileOutcome =
        content === undefined ? { exists: false } : { exists: true, content, size: content.length, truncated: false };
      return outcome;
    }
    default:
      throw new Error(`no answer to ${method}`);
  }
};

export const cluster: ClusterSpec = {
  nodes: [
    { name: 'controlplane', role: 'control-plane' },
    { name: 'node01', role: 'worker' },
    { name: 'node02', role: 'worker' },
  ],
  clients: [{ name: 'client' }],
  nodeCidr: '192.168.56.0/24' as Cidr,
  podCidr: '10.244.0.0/16' as Cidr,
  serviceCidr: '10.96.0.0/12' as Cidr,
  dnsAddress: '10.96.0.10' as Ipv4,
  podNetwork: 'routes',
  proxy: { verbosity: 4 },
};

type Written = Readonly<Record<string, unknown>>;

/**
 * A lab with one task, `task`, that has these checks. @param checks as lab.yaml has them; `id` and `title` have
 * defaults
 */
export const labOf = (checks: readonly Written[], task: Partial<TaskDefinition> = {}): LabDefinition => {
  const input = labSchema.parse({
    apiVersion: 'labs/v1',
    name: 'test',
    title: 'Test',
    summary: 'Test',
    cluster: { nodes: cluster.nodes },
    tasks: [
      { id: 'task', title: 'Task', checks: checks.map((check) => ({ id: 'check', title: 'It works', ...check })) },
    ],
  });
  const lab = resolveLab(input, '/lab', new Set(['tasks/task.md']), 'sha256:0');
  return { ...lab, tasks: lab.tasks.map((made) => ({ ...made, ...task })) };
};

export const nobody: Student = { answers: {}, verified: {}, begun: [] };

export const grade = (
  lab: LabDefinition,
  world: World,
  student: Student = nobody,
  calls: Calls = [],
): Promise<Report> =>
  gradeLab({ lab, access: accessTo(world, calls), progress: student, signal: new AbortController().signal });

/** Grades one check in a world. */
export const gradeCheck = async (check: Written, world: World, student: Student = nobody): Promise<CheckReport> => {
  const report = await grade(labOf([check]), world, student);
  return report.tasks[0]?.checks[0] as CheckReport;
};

const ready = [{ type: 'Ready', status: 'True' }];

export const pod = (
  name: string,
  node: string,
  ip: string,
  labels: Record<string, string> = {},
  namespace = 'default',
) => ({
  metadata: { name, namespace, labels },
  spec: { nodeName: node, containers: [] },
  status: { phase: 'Running', podIP: ip, conditions: ready },
});

export const service = (name: string, clusterIP: string, port: number, namespace = 'default') => ({
  metadata: { name, namespace },
  spec: { type: 'ClusterIP', clusterIP, ports: [{ port }], selector: { app: name } },
});

/** Two pods and a service with one ready endpoint. */
export const objects: NonNullable<World['objects']> = {
  '/api/v1/pods': [pod('blue', 'node01', '10.244.1.3'), pod('db', 'node01', '10.244.1.2', { app: 'db' })],
  '/api/v1/services': [service('db-service', '10.103.132.104', 3306)],
  '/apis/discovery.k8s.io/v1/endpointslices': [
    {
      metadata: { name: 'db-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'db-service' } },
      endpoints: [{ addresses: ['10.244.1.2'] }, { addresses: ['10.244.9.9'], conditions: { ready: false } }],
      ports: [{ port: 3306 }],
    },
  ],
};

export const link = (over: Partial<LinkFact>): LinkFact => ({
  ifindex: 1,
  name: 'eth0',
  kind: 'veth',
  up: true,
  mac: '',
  mtu: 1500,
  addresses: [],
  ...over,
});

export const inet = (address: string, prefix = 24) => ({ address, prefix, family: 'inet' as const });

/** A probe that gets no answer. */
export const lost = { ok: false, failure: 'timeout', message: 'timed out' } as const;

/** The same facts on every node. */
export const everyNode = (facts: Facts) => ({ controlplane: facts, node01: facts, node02: facts });

/** The rules that kube-proxy writes for db-service with the pod at 10.244.1.2. */
/** A component of a node, as the fabric sees it. */
export const component = (
  name: string,
  argv: readonly string[] = [],
  more: Partial<ProcessFact> = {},
): ProcessFact => ({
  pid: 9,
  command: name,
  arguments: argv,
  networkNamespace: 'net:[1]',
  unit: `${name}.service`,
  state: 'running',
  ...more,
});

export const dbRules = `*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-SVC-DB - [0:0]
:KUBE-SEP-DB - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-SERVICES -d 10.103.132.104/32 -p tcp -m comment --comment "default/db-service cluster IP" -m tcp --dport 3306 -j KUBE-SVC-DB
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-SVC-DB ! -s 10.244.0.0/16 -d 10.103.132.104/32 -p tcp -m comment --comment "default/db-service cluster IP" -m tcp --dport 3306 -j KUBE-MARK-MASQ
-A KUBE-SVC-DB -m comment --comment "default/db-service -> 10.244.1.2:3306" -j KUBE-SEP-DB
-A KUBE-SEP-DB -s 10.244.1.2/32 -m comment --comment "default/db-service" -j KUBE-MARK-MASQ
-A KUBE-SEP-DB -p tcp -m comment --comment "default/db-service" -m tcp -j DNAT --to-destination 10.244.1.2:3306
COMMIT
`;
export const noRules = '*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n';
