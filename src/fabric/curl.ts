// Classifies a failed connection by curl's exit code and its verbose lines. Pure. Used by probe.ts.
import type { ProbeFailure } from '../api/probes.ts';

/** The fields of curl's `%{json}` that are used. */
export interface CurlReport {
  readonly exitcode: number;
  readonly errormsg: string | null;
  readonly http_code: number;
  readonly remote_ip: string;
  readonly remote_port: number;
  readonly local_ip: string;
  readonly local_port: number;
  readonly time_total: number;
}

/**
 * The report is the last line that is a JSON object, after the verbose lines. A killed curl may leave an incomplete
 * one.
 */
export const parseReport = (stderr: string): CurlReport | undefined => {
  const line = stderr.split('\n').findLast((text) => text.startsWith('{"'));
  if (line === undefined) return undefined;
  try {
    return JSON.parse(line) as CurlReport;
  } catch {
    return undefined;
  }
};

/** Exit codes: libcurl-errors(3). Code 7 has many reasons; only the verbose lines distinguish them. */
export const classify = (report: CurlReport, stderr: string): { failure: ProbeFailure; message: string } => {
  const reason = connectReason(stderr);
  const message = reason ?? report.errormsg ?? `curl ended with code ${report.exitcode}`;
  return { failure: failureOf(report.exitcode, reason ?? ''), message };
};

const failureOf = (code: number, reason: string): ProbeFailure => {
  switch (code) {
    case 6:
      return 'unresolved';
    case 7:
      if (/refused/i.test(reason)) return 'refused';
      if (/timed? ?out/i.test(reason)) return 'timeout';
      return /reset/i.test(reason) ? 'reset' : 'unreachable';
    case 28:
      return 'timeout';
    case 52:
    case 55:
    case 56:
      return 'reset';
    default:
      return 'protocol';
  }
};

const connectReason = (stderr: string): string | undefined =>
  stderr.match(/^\* +(?:connect to .* failed|Immediate connect fail for [^:]+): (.+?)\r?$/m)?.[1];
