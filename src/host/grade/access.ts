// The running cluster as grading, setups and solutions see it. host/cluster opens it, host/cli passes it in.
import type { FabricMethod, FabricMethods } from '../../api/fabric.ts';
import type { Ipv4 } from '../../api/scalars.ts';
import type { Link } from '../../api/wiring.ts';
import type { Scripts } from '../script/scripts.ts';

export interface ClusterAccess {
  /** The instance's name: the lab's, unless started with `--name`. */
  readonly name: string;
  /** The id of the fabric container. A deleted and recreated instance has another id. */
  readonly instance: string;
  /** Root of a machine is root of the engine's machine. The report says so. */
  readonly unsafeNodes?: true;
  /** Running machines only. */
  readonly machines: readonly MachineAccess[];
  readonly fabric: FabricCaller;
  /** Runs the lab's own scripts. */
  readonly scripts: Scripts;
  /**
   * Runs a program in a machine or in the fabric as root. Grading must not use it: the student controls the machine's
   * programs.
   */
  exec(machine: string, argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
}

export interface MachineAccess {
  readonly name: string;
  readonly role: (typeof accessRoles)[number];
  /** The process id of the container's init, in the Docker engine's process namespace. */
  readonly pid: number;
  /** Its first one. Empty for a machine without any. */
  readonly address: Ipv4;
  /** Absent: one link, to the nodes' network. */
  readonly links?: readonly Pick<Link, 'interface' | 'address' | 'bridge' | 'port'>[];
}

export const accessRoles = ['control-plane', 'worker', 'client', 'router', 'host'] as const;

/** Whether the machine is no part of the Kubernetes cluster. */
export const isOutside = (role: MachineAccess['role'] | undefined): boolean =>
  role === 'client' || role === 'router' || role === 'host';

/** All addresses that labs gave to the machine. */
export const addressesOf = ({ address, links }: Pick<MachineAccess, 'address' | 'links'>): readonly Ipv4[] =>
  links ? links.flatMap((link) => link.address ?? []) : [address];

/** Calls the fabric agent. Rejects with a LabError when the fabric itself fails. */
export interface FabricCaller {
  call<M extends FabricMethod>(
    method: M,
    params: FabricMethods[M]['params'],
    options?: FabricCallOptions,
  ): Promise<FabricMethods[M]['result']>;
}

export interface FabricCallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ExecOptions {
  readonly stdin?: string;
  readonly signal?: AbortSignal;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}
