// What the words after `labs trace` mean: where the packet starts, and where it goes.

import { isIPv4 } from 'node:net';
import type { Service } from '../../../api/core.ts';
import type { Pod } from '../../../api/core-pods.ts';
import type { Ipv4 } from '../../../api/scalars.ts';
import { ExitCode, LabError } from '../../../kit/error.ts';
import { nearest } from '../../../kit/suggest.ts';
import type { MachineAccess } from '../../grade/access.ts';
import { namespaceMachine, podMachine, type TracedLab } from '../../trace/lab.ts';
import type { Context } from '../context.ts';
import type { Messages } from '../messages.ts';
import { nameOf } from '../topology-text.ts';

export interface Start {
  /** Its name in the model. */
  readonly machine: string;
  /** As the student knows it. */
  readonly label: string;
  readonly host: MachineAccess;
  /** Of a pod. */
  readonly podIp: Ipv4 | undefined;
  /** Of a namespace that has a name in `ip netns` on the machine. */
  readonly netns?: string;
  /** Of a pod: where it looks names up first. */
  readonly namespace?: string;
}

export interface Goal {
  readonly label: string;
  readonly address: string;
  readonly port: number;
  /** The ports of the service, which lacks this one. */
  readonly instead?: readonly number[];
}

export interface Wanted {
  readonly from: string;
  readonly to: string;
  /** Without it: `default` for the place that sends, and the namespace of the pod that sends for the goal. */
  readonly namespace: string | undefined;
  readonly protocol: 'tcp' | 'udp';
  /** The names of all machines of the lab, running or not. */
  readonly known: readonly string[];
}

/** @throws LabError `LAB_USAGE` */
export const startOf = ({ say }: Context, lab: TracedLab, { from, namespace = 'default', known }: Wanted): Start => {
  const [, before = from, netns] = /^(.+)\/netns\/([^/]+)$/.exec(from) ?? [];
  const [kind = '', ...rest] = before.split('/');
  const machineName = isMachine(kind) ? (rest[0] ?? kind) : before;
  const machine = lab.machines.find(({ name }) => name === machineName);
  if (machine && netns !== undefined) return namespaceStart(say, lab, machine, netns);
  if (machine && kind !== 'pod') return { machine: machine.name, label: machine.name, host: machine, podIp: undefined };
  refuseStopped(say, lab, machineName, known);
  if (kind === 'node') throw usage(say.traceNoMachine(machineName), say.machines(names(lab.machines)));
  const pod = podOf(say, lab, kind === 'pod' ? rest : from.split('/'), namespace);
  const host = lab.machines.find(({ name }) => name === pod.spec.nodeName);
  const label = nameOf({ namespace: pod.metadata.namespace ?? 'default', name: pod.metadata.name });
  if (!host || !pod.status?.podIP) throw usage(say.tracePodDown(label));
  const own = pod.metadata.namespace ?? 'default';
  if (pod.spec.hostNetwork) return { machine: host.name, label, host, podIp: undefined, namespace: own };
  if (!lab.model.machines.has(podMachine(pod))) throw usage(say.tracePodDown(label));
  return { machine: podMachine(pod), label, host, podIp: pod.status.podIP as Ipv4, namespace: own };
};

const namespaceStart = (say: Messages, { model }: TracedLab, host: MachineAccess, netns: string): Start => {
  const machine = namespaceMachine(host.name, netns);
  if (model.machines.has(machine)) return { machine, label: machine, host, podIp: undefined, netns };
  const prefix = namespaceMachine(host.name, '');
  const others = [...model.machines.keys()].filter((each) => each.startsWith(prefix));
  throw usage(say.traceNoNetns(host.name, netns), others.length === 0 ? undefined : say.traceNetns(others.join(', ')));
};

const isMachine = (kind: string): boolean => ['node', 'client', 'machine'].includes(kind);

/** A short name means what it means for the pod that sends. @throws LabError `LAB_USAGE` */
export const goalOf = (
  { say }: Context,
  lab: TracedLab,
  wanted: Wanted,
  sender: Pick<Start, 'namespace'> = {},
): Goal => {
  const namespace = wanted.namespace ?? sender.namespace ?? 'default';
  const colon = wanted.to.lastIndexOf(':');
  const [name, port] = colon === -1 ? [wanted.to, undefined] : [wanted.to.slice(0, colon), wanted.to.slice(colon + 1)];
  const [kind = '', ...rest] = name.split('/');
  if (isIPv4(name)) {
    const known = lab.services.find(({ spec }) => spec.clusterIP === name);
    if (known) return serviceGoal(say, known, port, wanted.protocol);
    return { label: name, address: name, port: numberOf(say, port ?? '', name) };
  }
  const service = serviceNamed(lab, name, namespace);
  const machine = lab.machines.find((each) => each.name === (isMachine(kind) ? (rest[0] ?? kind) : name));
  if (machine && !service) {
    return { label: machine.name, address: machine.address, port: numberOf(say, port ?? '', machine.name) };
  }
  if (!service) refuseStopped(say, lab, name.split('/').at(-1) ?? '', wanted.known);
  if (service && kind !== 'pod') return serviceGoal(say, service, port, wanted.protocol);
  const isPod = kind === 'pod' || hasPod(lab, name, namespace);
  if (!isPod) throw usage(say.traceNoGoal(name), hintFor(say, lab, name, port));
  const pod = podOf(say, lab, kind === 'pod' ? rest : name.split('/'), namespace);
  const label = nameOf(named(pod.metadata));
  if (!pod.status?.podIP) throw usage(say.tracePodDown(label));
  const ports = pod.spec.containers.flatMap((container) => container.ports ?? []);
  const given = ports.find((each) => each.name === port) ?? (port === undefined ? ports[0] : undefined);
  return { label, address: pod.status.podIP, port: given?.containerPort ?? numberOf(say, port ?? '', label) };
};

/** `blue`, `shop/cart` */
const hasPod = ({ pods }: TracedLab, text: string, namespace: string): boolean => {
  const [name, inNamespace = namespace] = text.split('/').reverse();
  return pods.some(({ metadata }) => metadata.name === name && (metadata.namespace ?? 'default') === inNamespace);
};

/** `db`, `db.shop`, `db.shop.svc.cluster.local`, `service/db`, `svc/shop/db`. */
const serviceNamed = (lab: TracedLab, text: string, namespace: string): Service | undefined => {
  const [kind = '', ...rest] = text.split('/');
  const isKind = ['service', 'services', 'svc'].includes(kind);
  const [name = '', inNamespace = namespace] =
    isKind && rest.length === 2 ? [rest[1], rest[0]] : (isKind ? (rest[0] ?? '') : text).split('.');
  return lab.services.find(
    ({ metadata }) => metadata.name === name && (metadata.namespace ?? 'default') === inNamespace,
  );
};

const serviceGoal = (
  say: Messages,
  { metadata, spec }: Service,
  port: string | undefined,
  protocol: Wanted['protocol'],
): Goal => {
  const label = nameOf(named(metadata));
  if (!spec.clusterIP || spec.clusterIP === 'None') {
    const external = spec.type === 'ExternalName' ? say.traceExternal(spec.externalName ?? '') : undefined;
    throw usage(say.traceNoAddress(label), external ?? say.traceNoAddressHint);
  }
  const ports = (spec.ports ?? []).filter((each) => (each.protocol ?? 'TCP').toLowerCase() === protocol);
  const [only, ...others] = ports;
  if (port === undefined && only && others.length === 0) return { label, address: spec.clusterIP, port: only.port };
  const known = ports.find((each) => each.name === port || String(each.port) === port);
  if (known) return { label, address: spec.clusterIP, port: known.port };
  // A port that the service lacks is a fault worth tracing.
  if (port !== undefined && /^\d+$/.test(port))
    return {
      ...{ label, address: spec.clusterIP, port: numberOf(say, port, label) },
      instead: ports.map((each) => each.port),
    };
  throw usage(say.tracePortNeeded(label), say.tracePorts(ports.map((each) => each.port).join(', ')));
};

/** @throws LabError `LAB_MACHINE_STOPPED` */
const refuseStopped = (say: Messages, { machines }: TracedLab, name: string, known: readonly string[]): void => {
  if (!known.includes(name) || machines.some((each) => each.name === name)) return;
  throw new LabError('LAB_MACHINE_STOPPED', say.traceStopped(name), { hint: say.traceStoppedHint });
};

const podOf = (say: Messages, { pods, hasNames }: TracedLab, words: readonly string[], namespace: string): Pod => {
  const [name = '', inNamespace] = words.length > 1 ? [words[1], words[0]] : [words[0]];
  const same = pods.filter(({ metadata }) => metadata.name === name);
  const wanted = inNamespace ?? namespace;
  const pod = same.find(({ metadata }) => (metadata.namespace ?? 'default') === wanted);
  if (pod) return pod;
  if (!hasNames) throw new LabError('LAB_API_SILENT', say.traceNoNames, { hint: say.apiSilentHint });
  const [elsewhere] = same;
  const near = nearest(
    name,
    pods.map(({ metadata }) => metadata.name),
  );
  const hint = elsewhere
    ? say.didYouMean(`pod/${podMachine(elsewhere)}`)
    : near === undefined
      ? say.traceStarts
      : say.didYouMean(`pod/${near}`);
  throw usage(say.traceNoStart(words.join('/')), hint);
};

const hintFor = (say: Messages, { services, machines, hasNames }: TracedLab, name: string, port = ''): string => {
  if (!hasNames) throw new LabError('LAB_API_SILENT', say.traceNoNames, { hint: say.apiSilentHint });
  const elsewhere = services.find(({ metadata }) => metadata.name === name);
  if (elsewhere) return say.didYouMean(`${name}.${elsewhere.metadata.namespace}${port && `:${port}`}`);
  const near = nearest(name, [...services.map(({ metadata }) => metadata.name), ...machines.map((each) => each.name)]);
  return near === undefined ? say.traceGoals : say.didYouMean(near);
};

const numberOf = (say: Messages, text: string, label: string): number => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw usage(say.tracePortNeeded(label), say.tracePortHint(label));
  return port;
};

const named = ({ namespace = 'default', name }: { readonly namespace?: string; readonly name: string }) => ({
  namespace,
  name,
});

const names = (machines: readonly MachineAccess[]): string => machines.map(({ name }) => name).join(', ');

const usage = (message: string, hint?: string): LabError =>
  new LabError('LAB_USAGE', message, { exitCode: ExitCode.usage, ...(hint === undefined ? {} : { hint }) });
