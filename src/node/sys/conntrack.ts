// Reads and deletes UDP flows of the connection tracking table, through the `conntrack` tool.
import type { IpFamily } from '../../api/ip.ts';
import type { Logger } from '../../kit/logger.ts';
import { ExecError, type RunResult, run } from './exec.ts';

/**
 * UDP flows with the same original destination and the same answering socket. Addresses are as the kernel prints them.
 */
export interface UdpFlows {
  /** The destination of the first packet, before DNAT. */
  readonly destination: string;
  readonly port: number;
  /** The destination after DNAT. Equals the original destination if there was no DNAT. */
  readonly answeredBy: string;
  readonly answeredFrom: number;
}

export interface Conntrack {
  /**
   * Calls back once for every UDP flow of this network namespace. The table may have hundreds of thousands of flows.
   * @returns false if the tool is missing or failed; a failure is logged
   */
  eachUdpFlow(visit: (flow: UdpFlows) => void, signal: AbortSignal): Promise<boolean>;
  /** @returns the number of deleted flows; 0 if the tool is missing or failed */
  forget(flows: UdpFlows, signal: AbortSignal): Promise<number>;
}

export const createConntrack = (family: IpFamily, log: Logger, prefix: readonly string[] = []): Conntrack => {
  let missing = false;
  const conntrack = async (
    [verb = '', ...filters]: readonly string[],
    signal: AbortSignal,
    onLine?: (line: string) => void,
  ): Promise<RunResult | undefined> => {
    if (missing) return undefined;
    try {
      // The tool accepts filters by port only after the protocol.
      const argv = [...prefix, 'conntrack', verb, '-f', family.toLowerCase(), '-p', 'udp', ...filters];
      return await run(argv, { signal, ...(onLine ? { onLine } : {}) });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ExecError)) throw error;
      missing = (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
      const trouble = missing ? 'The conntrack tool is missing' : 'The conntrack tool could not be run';
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
      // The tool also fails if there was nothing to delete.
      if (code !== 0 && !stderr.includes('0 flow entries')) {
        log.warning('Failed to delete conntrack entries', { destination, port, answeredBy, err: stderr.trim() });
      }
      return Number(/(\d+) flow entries have been deleted/.exec(stderr)?.[1] ?? 0);
    },
  };
};

/**
 * Reads the original destination and the answering socket from the flow's two tuples. Flows in a zone belong to other
 * programs.
 */
const flowLine = /^udp .*? dst=(\S+) sport=\d+ dport=(\d+) .*?src=(\S+) dst=\S+ sport=(\d+) /;

const parseFlow = (line: string): UdpFlows | undefined => {
  const [, destination, port, answeredBy, answeredFrom] = flowLine.exec(line) ?? [];
  if (destination === undefined || answeredBy === undefined || line.includes(' zone')) return undefined;
  return { destination, port: Number(port), answeredBy, answeredFrom: Number(answeredFrom) };
};
