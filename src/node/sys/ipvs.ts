// Reads and writes IPVS, the kernel's load balancer: reads /proc, which starts no program, and writes through
// `ipvsadm`.
import { readFile } from 'node:fs/promises';
import { ExecError, run, runOk } from './exec.ts';

export type IpvsProtocol = 'TCP' | 'UDP' | 'SCTP';

/** A destination of a virtual server. */
export interface ListedBackend {
  /** 0: no new connections. */
  readonly weight: number;
  /** The number of active and inactive connections. */
  readonly connections: number;
}

/** A virtual server. /proc shows neither the timeout of persistence nor the scheduler's options. */
export interface ListedServer {
  readonly protocol: IpvsProtocol;
  /** `ip:port`, or `[ip]:port` for IPv6. */
  readonly address: string;
  readonly scheduler: string;
  /** Whether the server sends a client to the same destination again. */
  readonly persistent: boolean;
  /** By address and port, e.g. `10.244.1.2:80`. */
  readonly backends: ReadonlyMap<string, ListedBackend>;
}

export interface IpvsTimeouts {
  /** Seconds. 0 keeps the present timeout. */
  readonly tcp: number;
  readonly tcpFin: number;
  readonly udp: number;
}

export interface Ipvs {
  /** All virtual servers of both families. Empty if the kernel has no IPVS. */
  list(): Promise<ListedServer[]>;
  /**
   * Runs `ipvsadm -R` lines in order. After a line that fails, the other lines still run.
   * @throws ExecError with the messages of the lines that failed
   */
  restore(lines: readonly string[], signal: AbortSignal): Promise<void>;
  setTimeouts(timeouts: IpvsTimeouts, signal: AbortSignal): Promise<void>;
}

export const createIpvs = (): Ipvs => ({
  list: async () => parseIpvs(await readFile('/proc/self/net/ip_vs', 'utf8').catch(() => '')),
  restore: async (lines, signal) => {
    if (lines.length === 0) return;
    const argv = ['ipvsadm', '-R'];
    const result = await run(argv, { input: `${lines.join('\n')}\n`, signal });
    // The exit code covers only the last line.
    const said = result.stderr.trim();
    if (result.code !== 0 || said !== '') throw new ExecError(argv, said || `exit code ${result.code}`, result);
  },
  setTimeouts: async ({ tcp, tcpFin, udp }, signal) => {
    await runOk(['ipvsadm', '--set', String(tcp), String(tcpFin), String(udp)], { signal });
  },
});

/**
 * Checks whether IPVS works with this scheduler: adds and deletes a virtual server on a documentation address (RFC
 * 5737).
 * @returns why it does not work, or undefined if it does
 */
export const ipvsProblem = async (scheduler: string, signal: AbortSignal): Promise<string | undefined> => {
  const probe = ['-t', '198.51.100.0:20000'];
  try {
    const look = await run(['ipvsadm', '-L', '-n'], { signal });
    if (look.code !== 0) return 'the kernel has no IPVS (module ip_vs)';
    const { code, stderr } = await run(['ipvsadm', '-A', ...probe, '-s', scheduler], { signal });
    if (code === 0) await run(['ipvsadm', '-D', ...probe], { signal });
    else if (!/exists/i.test(stderr)) {
      return `the kernel has no scheduler "${scheduler}" (module ip_vs_${scheduler}): ${stderr.trim()}`;
    }
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ExecError) return 'the program ipvsadm is missing';
    throw error;
  }
};

const serverLine = /^(TCP|UDP|SCTP)\s+(\S+) (\S+)(.*)$/;
const backendLine = /^\s+-> (\S+)\s+\S+\s+(\d+)\s+(\d+)\s+(\d+)/;

/** Parses /proc/net/ip_vs, without virtual servers by firewall mark. */
export const parseIpvs = (text: string): ListedServer[] => {
  const servers: ListedServer[] = [];
  let backends: Map<string, ListedBackend> | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('  ->')) {
      const [, address = '', weight, active, inactive] = backendLine.exec(line) ?? [];
      if (weight === undefined) continue;
      backends?.set(readAddress(address), { weight: Number(weight), connections: Number(active) + Number(inactive) });
      continue;
    }
    const [, protocol, address = '', scheduler = '', rest = ''] = serverLine.exec(line) ?? [];
    backends = undefined;
    if (protocol === undefined) continue;
    backends = new Map();
    servers.push({
      protocol: protocol as IpvsProtocol,
      address: readAddress(address),
      scheduler,
      persistent: rest.includes('persistent'),
      backends,
    });
  }
  return servers;
};

/** Parses `0A600001:0050` and `[fd00:0000:…:0001]:0050`. All numbers are hexadecimal. */
const readAddress = (text: string): string => {
  const split = text.lastIndexOf(':');
  const port = Number.parseInt(text.slice(split + 1), 16);
  const ip = text.slice(0, split);
  if (ip.startsWith('[')) return `${new URL(`http://${ip}`).hostname}:${port}`;
  const value = Number.parseInt(ip, 16);
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}:${port}`;
};
