// Reads and writes IPVS, the kernel's load balancer, through `ipvsadm`. The kernel has one list of the servers of all
// network namespaces, and hands it out in pieces. While another namespace changes its servers, a reader misses some.
import { access } from 'node:fs/promises';
import { canonicalIp } from '../../api/ip.ts';
import { ExecError, run, runOk } from './exec.ts';

export type IpvsProtocol = 'TCP' | 'UDP' | 'SCTP';

/** A destination of a virtual server. */
export interface ListedBackend {
  /** 0: no new connections. */
  readonly weight: number;
  /** The number of active and inactive connections. */
  readonly connections: number;
}

/** A virtual server. */
export interface ListedServer {
  readonly protocol: IpvsProtocol;
  /** `ip:port`, or `[ip]:port` for IPv6. */
  readonly address: string;
  readonly scheduler: string;
  /** For example `mh-port`; empty: none. */
  readonly schedulerFlags: string;
  /** For how many seconds the server sends a client to the same destination again; undefined: it does not. */
  readonly persistSeconds: number | undefined;
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
  /**
   * All virtual servers of this network namespace, of both families. Empty if the machine has no IPVS.
   * @throws ExecError when ipvsadm fails, or gets another answer each time
   */
  list(signal: AbortSignal): Promise<ListedServer[]>;
  /**
   * Runs `ipvsadm -R` lines in order. After a line that fails, the other lines still run.
   * @throws ExecError with the messages of the lines that failed
   */
  restore(lines: readonly string[], signal: AbortSignal): Promise<void>;
  setTimeouts(timeouts: IpvsTimeouts, signal: AbortSignal): Promise<void>;
}

export const createIpvs = (): Ipvs => ({
  list: async (signal) => ((await isLoaded()) ? readUntilRepeated(async () => parseIpvs(await listing(signal))) : []),
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

/** `ipvsadm` would load the module, even where no mode needs it. */
const isLoaded = (): Promise<boolean> =>
  access('/proc/self/net/ip_vs').then(
    () => true,
    () => false,
  );

const mostReads = 30;

/** An answer that is older than this many reads may hold servers that were deleted since. */
const recentReads = 4;

/**
 * Reads until an answer comes a second time, and no recent answer held more servers: `ipvsadm` misses servers or prints
 * them twice, but rarely the same ones.
 * @throws ExecError after 30 answers
 */
export const readUntilRepeated = async (read: () => Promise<readonly ListedServer[]>): Promise<ListedServer[]> => {
  const answers = new Set<string>();
  const sizes: number[] = [];
  for (let count = 0; count < mostReads; count++) {
    const byAddress = new Map((await read()).map((server) => [`${server.protocol} ${server.address}`, server]));
    const servers = [...byAddress.values()];
    const answer = JSON.stringify(servers.map(withoutCounts).sort());
    sizes.push(servers.length);
    if (answers.has(answer) && servers.length === Math.max(...sizes.slice(-recentReads))) return servers;
    answers.add(answer);
  }
  throw new ExecError(
    listCommand,
    `${mostReads} different answers; the virtual servers of the kernel change too often`,
  );
};

const withoutCounts = ({ backends, ...server }: ListedServer): string =>
  JSON.stringify([server, [...backends].map(([address, { weight }]) => `${address} ${weight}`).sort()]);

const listCommand = ['ipvsadm', '-L', '-n'] as const;

const listing = async (signal: AbortSignal): Promise<string> => {
  try {
    return (await runOk(listCommand, { signal })).stdout;
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
    // A machine without the program cannot have virtual servers of kube-proxy.
    if (code === 'ENOENT') return '';
    throw error;
  }
};

/**
 * Checks whether IPVS works with this scheduler: adds and deletes a virtual server on a documentation address (RFC
 * 5737).
 * @returns why it does not work, or undefined if it does
 */
export const ipvsProblem = async (scheduler: string, signal: AbortSignal): Promise<string | undefined> => {
  const probe = ['-t', '198.51.100.0:20000'];
  try {
    const look = await run(listCommand, { signal });
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
const backendLine = /^ {2}-> (\S+)\s+\S+\s+(\d+)\s+(\d+)\s+(\d+)/;

/** Parses `ipvsadm -L -n`, without virtual servers by firewall mark. */
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
    const seconds = /\bpersistent (\d+)/.exec(rest)?.[1];
    servers.push({
      protocol: protocol as IpvsProtocol,
      address: readAddress(address),
      scheduler,
      schedulerFlags: /\(([^)]*)\)/.exec(rest)?.[1] ?? '',
      persistSeconds: seconds === undefined ? undefined : Number(seconds),
      backends,
    });
  }
  return servers;
};

/** `ipvsadm` prints some IPv6 addresses in another form than kube-proxy writes them. */
const readAddress = (text: string): string => {
  const [, ip, port] = /^\[(.*)\]:(\d+)$/.exec(text) ?? [];
  return ip === undefined ? text : `[${canonicalIp(ip)}]:${port}`;
};
