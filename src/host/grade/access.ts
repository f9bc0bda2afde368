// The running cluster as grading, setups and solutions see it. host/cluster opens it, host/cli passes it in.
import type { FabricMethod, FabricMethods } from '../../api/fabric.ts';
import type { Ipv4 } from '../../api/scalars.ts';
import type { Scripts } from '../script/scripts.ts';

export interface ClusterAccess {
  /** The instance's name: the lab's, unless started with `--name`. */
  readonly name: string;
  /** The id of the fabric container. A deleted and recreated instance has another id. */
  readonly instance: string;
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
  readonly role: 'control-plane' | 'worker' | 'client';
  /** The process id of the container's init, in the Docker engine's process namespace. */
  readonly pid: number;
  readonly address: Ipv4;
}

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
