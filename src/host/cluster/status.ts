// Lists the clusters of an engine, and describes the state of one cluster's machines and components.
import type { Variation } from '../../api/lab.ts';
import type { Component } from '../../api/paths.ts';
import type { Ipv4 } from '../../api/scalars.ts';
import type { Containers } from '../docker/port.ts';
import type { MachineRole } from '../plan/types.ts';
import { findAllMachines, findMachines, hasUnsafeNodes, type Machine } from './machines.ts';
import { unitsOf } from './watchdog.ts';

export type ClusterState = 'running' | 'stopped' | 'incomplete';

export interface ClusterSummary {
  readonly name: string;
  readonly lab: string;
  /** Digest of the lab's definition at the time of the start. */
  readonly definition: string;
  /** The lab's folder, if the lab is outside of the package. */
  readonly folder?: string;
  /** What the values of the lab's parameters were drawn from. */
  readonly variation: Variation;
  /** Of an exam: how long the student has. */
  readonly timeLimitSeconds?: number;
  /** Root of a machine is root of the engine's machine: `labs start --unsafe-nodes`. */
  readonly unsafeNodes?: true;
  readonly state: ClusterState;
  readonly machines: number;
}

export interface ClusterStatus extends ClusterSummary {
  readonly members: readonly MachineStatus[];
}

export interface MachineStatus {
  readonly name: string;
  readonly role: MachineRole;
  readonly address: Ipv4;
  readonly container: string;
  readonly running: boolean;
  readonly components: readonly ComponentStatus[];
}

export interface ComponentStatus {
  readonly name: Component;
  readonly running: boolean;
  /** systemd's ActiveState: `active`, `activating`, `failed`, `inactive`. */
  readonly state: string;
  readonly restarts: number;
}

/** All clusters of the engine, by name. */
export const listClusters = async (
  containers: Containers,
  signal?: AbortSignal,
): Promise<readonly ClusterSummary[]> => {
  const all = await findAllMachines(containers, signal);
  return [...all].map(([name, machines]) => summarise(name, machines)).sort((a, b) => a.name.localeCompare(b.name));
};

/** One cluster in detail; undefined when none has this name. */
export const statusOf = async (
  containers: Containers,
  name: string,
  signal = new AbortController().signal,
): Promise<ClusterStatus | undefined> => {
  const machines = await findMachines(containers, name, signal);
  if (machines.length === 0) return undefined;
  const members = await Promise.all(machines.map((machine) => describe(containers, machine, signal)));
  return { ...summarise(name, machines), members };
};

const summarise = (name: string, machines: readonly Machine[]): ClusterSummary => {
  const running = machines.filter(({ status }) => status === 'running').length;
  const size = machines[0]?.clusterSize ?? 0;
  // A container that was never started belongs to a start in progress, or to an interrupted one.
  const whole = machines.length === size && machines.every(({ status }) => status !== 'created');
  const state = running === size ? 'running' : running === 0 && whole ? 'stopped' : 'incomplete';
  const timeLimitSeconds = machines[0]?.timeLimitSeconds;
  const folder = machines.find((machine) => machine.folder !== '')?.folder;
  return {
    name,
    ...(folder === undefined ? {} : { folder }),
    variation: machines[0]?.variation ?? {},
    ...(timeLimitSeconds === undefined ? {} : { timeLimitSeconds }),
    ...(hasUnsafeNodes(machines) ? { unsafeNodes: true as const } : {}),
    lab: machines[0]?.lab ?? name,
    definition: machines[0]?.definition ?? '',
    state,
    machines: machines.length,
  };
};

const describe = async (containers: Containers, machine: Machine, signal: AbortSignal): Promise<MachineStatus> => {
  const { name, role, address, container, status } = machine;
  const running = status === 'running';
  // A student may have stopped systemd on a node. Then the node shows no components.
  const units = running && role === 'node' ? await unitsOf(containers, machine, signal).catch(() => []) : [];
  return {
    name,
    role,
    address,
    container,
    running,
    components: units.map(({ component, state, restarts }) => ({
      name: component,
      running: state === 'active',
      state,
      restarts,
    })),
  };
};
