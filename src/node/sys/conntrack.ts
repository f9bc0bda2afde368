// Conntrack's table, through the `conntrack` tool.
import type { Logger } from '../../kit/logger.ts';
import { ExecError, run } from './exec.ts';

/** UDP flows as their first packet was addressed. */
export interface FlowPattern {
  /** Absent: any address (node ports). */
  readonly destination?: string;
  readonly port: number;
  /** Only flows that are sent to this endpoint. */
  readonly nat?: string;
}

export interface Conntrack {
  /** Forgets UDP flows. @returns how many; 0 where the tool is missing */
  forget(pattern: FlowPattern, signal: AbortSignal): Promise<number>;
}

export const createConntrack = (family: 'IPv4' | 'IPv6', log: Logger): Conntrack => {
  let missing = false;
  return {
    async forget({ destination, port, nat }, signal) {
      if (missing) return 0;
      const argv = ['conntrack', '-D', '-f', family.toLowerCase(), '-p', 'udp', '--orig-port-dst', String(port)];
      if (destination !== undefined) argv.push('--orig-dst', destination);
      if (nat !== undefined) argv.push('--dst-nat', nat);
      try {
        const { code, stderr } = await run(argv, { signal });
        const deleted = Number(/(\d+) flow entries have been deleted/.exec(stderr)?.[1] ?? 0);
        // It fails, too, when there was nothing to delete.
        if (code !== 0 && !stderr.includes('0 flow entries')) {
          log.warning('Deleting conntrack entries failed', { command: argv.join(' '), err: stderr.trim() });
        }
        return deleted;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ExecError)) throw error;
        missing = true;
        log.warning('There is no conntrack tool: stale UDP flows stay until they time out', { err: error.message });
        return 0;
      }
    },
  };
};
