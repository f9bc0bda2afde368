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
