// Opens a running cluster for the grader, the tasks and the CLI: its machines and a connection to its fabric.

import { fabricMachine } from '../../api/cluster.ts';
import type { Place } from '../../api/facts.ts';
import type { Ipv4 } from '../../api/scalars.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import type { Containers, ExecResult, ExecSession } from '../docker/port.ts';
import { inMachine } from '../plan/boot.ts';
import { bootMachines } from './boot.ts';
import { type ConnectOptions, connectFabric, type Fabric } from './fabric.ts';
import {
  findMachines,
  hasUnsafeNodes,
  inspectMachines,
  type Machine,
  type RunningMachine,
  type StartedMachine,
  wiringOf,
} from './machines.ts';

export interface Cluster extends AsyncDisposable {
  readonly name: string;
  readonly lab: string;
  readonly definition: string;
  readonly containers: Containers;
  readonly fabric: Fabric;
  /** The machines that run, without the fabric. */
  readonly machines: readonly RunningMachine[];
  /** Root of a machine is root of the engine's machine. */
  readonly unsafeNodes: boolean;
  /** Machines that were restarted outside of labs, and were connected again when the cluster was opened. */
  readonly reconnected: readonly string[];
  /** @throws LabError LAB_NO_MACHINE that lists the machines */
  machine(name: string): RunningMachine;
  /** The place from which a probe starts: a machine, or the pod with this address on the machine. */
  place(machine: string, podIp?: Ipv4): Place;
}

/**
 * Opens a running cluster. Machines that don't run are left out: grading must work when a student has stopped one.
 * @throws LabError LAB_NOT_STARTED when there is no such cluster, or its fabric doesn't run
 */
export const openCluster = async (
  containers: Containers,
  name: string,
  signal?: AbortSignal,
  options: ConnectOptions = {},
): Promise<Cluster> => {
  const found = await findMachines(containers, name, signal);
  const fabricIsUp = found.some(({ role, status }) => role === 'fabric' && status === 'running');
  if (!fabricIsUp) throw notStarted(name, found.length > 0);
  const running = found.filter(({ name: machine, status }) => machine !== fabricMachine && status === 'running');
  const [fabric, { started }] = await Promise.all([
    connectFabric(containers, name, signal, options),
    inspectMachines(containers, running, signal),
  ]);
  const machines = await bootMachines(fabric, started, { claimed: false, signal });
  const reconnected = await reconnect(fabric, found, machines, signal);
  return { ...clusterOf(containers, name, fabric, machines), reconnected };
};

/** A failure shows in what the command does next. A cluster of an older labs has an agent without this method. */
const reconnect = async (
  fabric: Fabric,
  found: readonly Machine[],
  running: readonly RunningMachine[],
  signal?: AbortSignal,
): Promise<readonly string[]> => {
  const home = found.find(({ role }) => role === 'fabric');
  if (!home) return [];
  const params = wiringOf(home, running);
  const { wired } = await fabric.call('rewire', params, signal ? { signal } : {}).catch(() => ({ wired: [] }));
  return wired;
};

/** Whether the same machines run as when the cluster was opened. A machine that was started again is another one. */
export const isCurrent = async ({ containers, name, machines }: Cluster, signal?: AbortSignal): Promise<boolean> => {
  const found = (await findMachines(containers, name, signal)).filter(({ role }) => role !== 'fabric');
  const { started } = await inspectMachines(containers, found, signal);
  const idsOf = (all: readonly StartedMachine[]): string => all.map((each) => `${each.id} ${each.containerPid}`).join();
  return idsOf(started) === idsOf(machines);
};

/** Those of the machines with these names that do not run now. */
export const stoppedOf = async (
  { containers, name }: Pick<Cluster, 'containers' | 'name'>,
  wanted: readonly string[],
  signal?: AbortSignal,
): Promise<readonly string[]> => {
  const found = await findMachines(containers, name, signal);
  const running = new Set(found.filter(({ status }) => status === 'running').map((machine) => machine.name));
  return wanted.filter((machine) => !running.has(machine));
};

/** Runs a command in a machine, with the rights of its root. As `Containers.exec`. */
export const execIn = (
  { containers, machine }: Pick<Cluster, 'containers' | 'machine'>,
  name: string,
  spec: Parameters<Containers['exec']>[1],
): Promise<ExecResult> => containers.exec(machine(name).id, { ...spec, command: inMachine(spec.command) });

/** As `Containers.open`, in a machine. */
export const openIn = (
  { containers, machine }: Pick<Cluster, 'containers' | 'machine'>,
  name: string,
  spec: Parameters<Containers['open']>[1],
): Promise<ExecSession> => containers.open(machine(name).id, { ...spec, command: inMachine(spec.command) });

/** A handle on machines that are known already. It owns the connection to the fabric. */
export const clusterOf = (
  containers: Containers,
  name: string,
  fabric: Fabric,
  machines: readonly RunningMachine[],
): Cluster => {
  const members = machines.filter(({ role }) => role !== 'fabric');
  const machine = (wanted: string): RunningMachine => {
    const found = members.find((member) => member.name === wanted);
    if (found) return found;
    throw new LabError('LAB_NO_MACHINE', `${name} has no running machine "${wanted}"`, {
      exitCode: ExitCode.usage,
      hint: `Running machines: ${members.map((member) => member.name).join(', ')}.`,
    });
  };
  return {
    name,
    lab: members[0]?.lab ?? name,
    definition: members[0]?.definition ?? '',
    containers,
    fabric,
    machines: members,
    unsafeNodes: hasUnsafeNodes(members),
    reconnected: [],
    machine,
    place: (wanted, podIp) => ({
      machine: wanted,
      pid: machine(wanted).pid,
      ...(podIp === undefined ? {} : { podIp }),
    }),
    [Symbol.asyncDispose]: () => fabric[Symbol.asyncDispose](),
  };
};

const notStarted = (name: string, exists: boolean): LabError =>
  new LabError('LAB_NOT_STARTED', exists ? `${name} is stopped` : `${name} has not been started`, {
    exitCode: ExitCode.usage,
    hint: `Run \`labs start ${name}\`.`,
  });
