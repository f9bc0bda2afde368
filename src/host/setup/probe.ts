// The type of one line of the doctor's report. doctor.ts and kernel.ts make them, the CLI prints them.

export const gibibyte = 1024 ** 3;

export type ProbeStatus = 'ok' | 'warning' | 'failure';

/** One line of the doctor's report. */
export interface Probe {
  readonly name: string;
  readonly status: ProbeStatus;
  /** What the doctor saw. */
  readonly detail: string;
  /** What the user can do. */
  readonly remedy?: string;
}

/** A probe of the kernel that runs in a container. */
export interface KernelProbe {
  readonly name: string;
  /** A shell script. Its exit code is the result, its output the detail of a failure. */
  readonly script: string;
  /** The status when the script fails. */
  readonly otherwise: ProbeStatus;
  readonly remedy: string;
}
