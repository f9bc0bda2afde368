// Finds out where `labs forward` leads: the address and port of a target, and the machine that connects to it.
import type { Ipv4 } from '../../api/scalars.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import { nearest } from '../../kit/suggest.ts';
import type { RunningMachine } from '../cluster/machines.ts';
import type { Cluster } from '../cluster/open.ts';
import type { Context } from './context.ts';
import type { Messages } from './messages.ts';

export interface Wanted {
  /** `service/web`, `pod/web`, `web` (a service) or a machine. */
  readonly wanted: string;
  readonly namespace: string;
  /** The machine that connects. */
  readonly from: string | undefined;
  /** As kubectl port-forward takes them: `8080:80`, `80`, `:http`. */
  readonly ports: readonly string[];
}

/** One port of this machine, and where a connection to it leads. */
export interface Route {
  /** 0: any free port. */
  readonly local: number;
  readonly address: string;
  readonly port: number;
  /** Undefined: none of the cluster's machines. */
  readonly machine: string | undefined;
  /** The container whose network namespace connects; undefined: the fabric's own, outside of the cluster. */
  readonly container: string | undefined;
}

interface Target {
  readonly label: string;
  readonly address: string;
  readonly ports: readonly TargetPort[];
  /** Any port may be named, not only those in `ports`. */
  readonly open: boolean;
  readonly node: string | undefined;
}

interface TargetPort {
  readonly name?: string;
  readonly port: number;
}

/** @throws LabError LAB_USAGE, LAB_FORWARD_TARGET */
export const resolveTarget = async (context: Context, cluster: Cluster, wanted: Wanted): Promise<readonly Route[]> => {
  const { say } = context;
  const machine = cluster.machines.find(({ name }) => name === wanted.wanted);
  const target = machine ? machineTarget(machine) : await objectTarget(context, cluster, wanted);
  const [only, ...more] = target.ports;
  const ports = wanted.ports.length > 0 ? wanted.ports : only && more.length === 0 ? [`:${only.port}`] : undefined;
  if (!ports) throw usage(say.forwardPortNeeded(target.label));
  const from = machine && wanted.from === undefined ? undefined : connecting(cluster, wanted.from ?? target.node);
  return ports.map((text) => ({
    ...portOf(context, target, text),
    address: target.address,
    machine: from?.name,
    container: from?.id,
  }));
};

const machineTarget = ({ name, address }: RunningMachine): Target => ({
  ...{ label: name, address, ports: [], open: true, node: undefined },
});

/** A worker, because rules of kube-proxy lead from every node to a service. */
const connecting = (cluster: Cluster, name: string | undefined): RunningMachine => {
  if (name !== undefined) return cluster.machine(name);
  const nodes = cluster.machines.filter(({ role }) => role === 'node');
  const node = nodes[1] ?? nodes[0];
  return node ?? cluster.machine('node01');
};

const kinds: Readonly<Record<string, 'services' | 'pods'>> = {
  ...{ service: 'services', services: 'services', svc: 'services', pod: 'pods', pods: 'pods', po: 'pods' },
};

const objectTarget = async ({ say }: Context, cluster: Cluster, { wanted, namespace }: Wanted): Promise<Target> => {
  const [first = '', name] = wanted.split('/', 2);
  const kind = kinds[first];
  if (!kind || !name || !objectName.test(name) || !objectName.test(namespace))
    throw usage(say.forwardTarget(wanted), say.forwardTargetHint);
  const path = `/api/v1/namespaces/${namespace}/${kind}/${name}`;
  const { status, body } = await cluster.fabric.call('kube', { path });
  const label = `${first}/${name}`;
  if (status !== 200) {
    const missing = say.forwardMissing(kind, name, namespace);
    throw usage(missing, await othersHint(say, cluster, { kind, name, namespace, label }));
  }
  const target = kind === 'pods' ? podTarget(body as PodBody, label) : serviceTarget(body as ServiceBody, label);
  if (target.address === '' || target.address === 'None') throw usage(say.forwardNoAddress(label));
  return target;
};

interface Missing {
  readonly kind: 'services' | 'pods';
  readonly name: string;
  readonly namespace: string;
  /** As the user wrote it. */
  readonly label: string;
}

/** The same name in another namespace, the nearest object of the kind, or all of them. */
const othersHint = async (
  say: Messages,
  cluster: Cluster,
  { kind, name, namespace, label }: Missing,
): Promise<string> => {
  const { body } = await cluster.fabric.call('kube', { path: `/api/v1/${kind}` });
  const { items = [] } = body as { readonly items?: readonly { readonly metadata: Named }[] };
  const same = items.find(({ metadata }) => metadata.name === name)?.metadata.namespace;
  if (same !== undefined) return say.forwardElsewhere(same, `labs forward ${label} -n ${same}`);
  const names = items.map(({ metadata }) => metadata).filter((each) => each.namespace === namespace);
  const near = nearest(
    name,
    names.map((each) => each.name),
  );
  if (near !== undefined) return say.didYouMean(`"${near}"`);
  const all = names.map((each) => each.name).join(', ');
  return names.length === 0 ? say.forwardNone(kind, namespace) : say.forwardOthers(kind, namespace, all);
};

interface Named {
  readonly name: string;
  readonly namespace: string;
}

const objectName = /^[a-z0-9][a-z0-9.-]*$/;

interface ServiceBody {
  readonly spec: {
    readonly clusterIP?: string;
    readonly ports?: readonly (TargetPort & { readonly protocol?: string })[];
  };
}

const serviceTarget = ({ spec }: ServiceBody, label: string): Target => ({
  label,
  address: spec.clusterIP ?? '',
  ports: (spec.ports ?? []).filter(({ protocol = 'TCP' }) => protocol === 'TCP'),
  open: false,
  node: undefined,
});

interface PodBody {
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly {
      readonly ports?: readonly {
        readonly name?: string;
        readonly containerPort: number;
        readonly protocol?: string;
      }[];
    }[];
  };
  readonly status?: { readonly podIP?: Ipv4 };
}

const podTarget = ({ spec, status }: PodBody, label: string): Target => ({
  label,
  address: status?.podIP ?? '',
  ports: spec.containers
    .flatMap(({ ports = [] }) => ports)
    .filter(({ protocol = 'TCP' }) => protocol === 'TCP')
    .map(({ name, containerPort }) => ({ port: containerPort, ...(name === undefined ? {} : { name }) })),
  open: true,
  node: spec.nodeName,
});

/** `8080:80` listens on 8080; `80` listens on 80; `:80` listens on any free port. The second part may be a name. */
const portOf = ({ say }: Context, target: Target, text: string): { readonly local: number; readonly port: number } => {
  const match = /^(?:(\d*):)?(\d+|[a-z][a-z0-9-]*)$/.exec(text);
  if (!match) throw usage(say.forwardPort(text));
  const [, before, remote = ''] = match;
  const named = target.ports.find(({ name, port }) => name === remote || String(port) === remote);
  const port = named?.port ?? (target.open ? Number(remote) : Number.NaN);
  if (Number.isNaN(port)) throw usage(say.forwardPortUnknown(remote, target.label, portsOf(target)));
  const local = before === undefined ? port : Number(before || 0);
  if (local > 65_535 || port > 65_535 || port === 0) throw usage(say.forwardPort(text));
  return { local, port };
};

const portsOf = ({ ports }: Target): string =>
  ports.map(({ name, port }) => (name ? `${port} (${name})` : port)).join(', ');

const usage = (message: string, hint?: string): LabError =>
  new LabError('LAB_USAGE', message, { exitCode: ExitCode.usage, ...(hint === undefined ? {} : { hint }) });
