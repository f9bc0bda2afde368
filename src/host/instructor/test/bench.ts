// What a test of a lab needs from the outside: a cluster of its own. src/host/cli makes one; nothing here prints.
import type { ExecSession, ExecSpec } from '../../docker/port.ts';
import type { ClusterAccess } from '../../grade/access.ts';
import type { ProgressStore } from '../../tasks/progress.ts';

/** The running cluster. After a stop and a start, it is another one. */
export interface Site {
  readonly access: ClusterAccess;
  readonly progress: ProgressStore;
  /** Starts a program in a machine of the lab, as root. */
  open(machine: string, command: ExecSpec): Promise<ExecSession>;
  /** Starts a program on the author's machine, with the lab's `labs` and `kubectl` on PATH. */
  openHost(command: readonly string[]): Promise<ExecSession>;
}

export interface Bench {
  /** @throws Error when the cluster does not run */
  readonly site: Site;
  /** Builds the cluster, or resumes it as `labs start` does, with its faults. */
  start(): Promise<void>;
  /** As `labs stop` does. */
  stop(): Promise<void>;
  /** Lets go of the cluster, which goes on. */
  close(): Promise<void>;
  /** As `labs delete` does. @returns what is left of the cluster: containers, volumes, namespaces, files */
  remove(): Promise<readonly string[]>;
}
