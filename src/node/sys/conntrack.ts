// Conntrack's table of UDP flows, through the `conntrack` tool.
import type { Logger } from '../../kit/logger.ts';
import { ExecError, type RunResult, run } from './exec.ts';

/** All UDP flows that were addressed alike and are answered by the same socket. Addresses are IPs as the kernel prints them. */
export interface UdpFlows {
  /** Where the first packet was addressed. */
  readonly destination: string;
  readonly port: number;
  /** Whom it was sent to: the destination itself where nothing translated it. */
  readonly answeredBy: string;
  readonly answeredFrom: number;
}

export interface Conntrack {
  /**
   * Shows every UDP flow of this network namespace, one call each; the table may have hundreds of thousands.
   * @returns false where nothing can be known: the tool is missing or failed (which is logged)
   */
  eachUdpFlow(visit: (flow: UdpFlows) => void, signal: AbortSignal): Promise<boolean>;
  /** @returns how many were forgotten; 0 where the tool is missing or failed */
  forget(flows: UdpFlows, signal: AbortSignal): Promise<number>;
}

export const createConntrack = (family: 'IPv4' | 'IPv6', log: Logger, prefix: readonly string[] = []): Conntrack => {
  let missing = false;
  const conntrack = async (
    [verb = '', ...filters]: readonly string[],
    signal: AbortSignal,
    onLine?: (line: string) => void,
  ): Promise<RunResult | undefined> => {
    if (missing) return undefined;
    try {
      // Filters by port are known only once the protocol is.
      const argv = [...prefix, 'conntrack', verb, '-f', family.toLowerCase(), '-p', 'udp', ...filters];
      return await run(argv, { signal, ...(onLine ? { onLine } : {}) });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ExecError)) throw error;
      missing = (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
      const trouble = missing ? 'There is no conntrack tool' : 'The conntrack tool could not be run';
      log.warning(`${trouble}: stale UDP flows stay until they time out`, { err: error.message });
      return undefined;
    }
  };
  return {
    async eachUdpFlow(visit, signal) {
      const result = await conntrack(['-L'], signal, (line) => {
        const flow = parseFlow(line);
        if (flow) visit(flow);
      });
      if (result && result.code !== 0) log.warning('Failed to list conntrack entries', { err: result.stderr.trim() });
      return result?.code === 0;
    },
    async forget({ destination, port, answeredBy, answeredFrom }, signal) {
      const asked = ['--orig-dst', destination, '--orig-port-dst', String(port)];
      const answered = ['--reply-src', answeredBy, '--reply-port-src', String(answeredFrom)];
      const result = await conntrack(['-D', ...asked, ...answered], signal);
      if (!result) return 0;
      const { code, stderr } = result;
      // It fails, too, when there was nothing to delete.
      if (code !== 0 && !stderr.includes('0 flow entries')) {
        log.warning('Failed to delete conntrack entries', { destination, port, answeredBy, err: stderr.trim() });
      }
      return Number(/(\d+) flow entries have been deleted/.exec(stderr)?.[1] ?? 0);
    },
  };
};

/** Of its two tuples: where the flow's packets are addressed, and who answers. Flows in a zone are another program's. */
const flowLine = /^udp .*? dst=(\S+) sport=\d+ dport=(\d+) .*?src=(\S+) dst=\S+ sport=(\d+) /;

const parseFlow = (line: string): UdpFlows | undefined => {
  const [, destination, port, answeredBy, answeredFrom] = flowLine.exec(line) ?? [];
  if (destination === undefined || answeredBy === undefined || line.includes(' zone')) return undefined;
  return { destination, port: Number(port), answeredBy, answeredFrom: Number(answeredFrom) };
};
