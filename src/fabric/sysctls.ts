// Kernel parameters of a network namespace: those on which service traffic depends, and any other by its name.
import type { FabricMethods } from '../api/fabric.ts';
import { sysctlPath } from '../api/sysctls.ts';
import { find } from './place.ts';
import type { ProcessTable } from './processes.ts';
import { AgentError, run } from './run.ts';

export const sysctls: readonly string[] = [
  'net.ipv4.ip_forward',
  'net.ipv4.conf.all.route_localnet',
  'net.ipv4.conf.all.rp_filter',
  'net.bridge.bridge-nf-call-iptables',
  'net.netfilter.nf_conntrack_max',
  'net.netfilter.nf_conntrack_tcp_be_liberal',
];

/** Changes with each connection, so it is a fact, but no reason to look again. */
export const conntrackCount = 'net.netfilter.nf_conntrack_count';

export const sysctlFile = (name: string): string => `/proc/sys/${name.replaceAll('.', '/')}`;

type Sysctl = FabricMethods['sysctl'];

const timeoutMs = 5000;

/** `cat` reads it inside of the namespace: /proc/sys/net shows the namespace of the reader. */
export const createSysctl =
  (table: ProcessTable) =>
  async ({ place, name }: Sysctl['params'], signal?: AbortSignal): Promise<Sysctl['result']> => {
    const path = sysctlPath(name);
    if (path === undefined) throw new AgentError('FABRIC_BAD_REQUEST', `"${name}" is not a parameter below net`);
    await using found = await find(table, place);
    const { code, stdout, stderr } = await run(['cat', `/proc/sys/${path}`], {
      netns: found.namespace.netns,
      timeoutMs,
      signal,
    });
    if (code === 0) return { value: stdout.trim() };
    if (/No such file|Is a directory|Not a directory/.test(stderr)) return {};
    throw new AgentError('FABRIC_TOOL', `${name} can't be read: ${stderr.trim().slice(-300)}`);
  };
