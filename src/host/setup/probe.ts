// One line of the doctor's report: what was looked at, how it is, and the remedy.

export const gibibyte = 1024 ** 3;

export type ProbeStatus = 'ok' | 'warning' | 'failure';

/** One line of the doctor's report. */
export interface Probe {
  readonly name: string;
  readonly status: ProbeStatus;
  /** What was seen. */
  readonly detail: string;
  /** What to do about it. */
  readonly remedy?: string;
}
