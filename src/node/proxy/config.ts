// Command line and config file → one configuration. A flag that is given wins over the file; the file wins over the default.

import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { Flags } from '../component/flags.ts';
import { isCidr } from './cidr.ts';
import { flagOfField } from './config-fields.ts';
import { ConfigError, type ConfigValue, type ConfigValues } from './config-file.ts';
import type { flagSpecs } from './flags.ts';
import type { DetectLocalMode, DetectLocalOptions } from './local-detector.ts';

export const proxyModes = ['iptables', 'ipvs', 'nftables', 'userspace'] as const;

export type ProxyMode = (typeof proxyModes)[number];

export interface ProxyConfig {
  readonly mode: ProxyMode;
  readonly nodeName: string;
  readonly kubeconfig: string;
  readonly master: string;
  readonly bindAddress: string;
  readonly bindAddressHardFail: boolean;
  readonly healthzBindAddress: string;
  readonly metricsBindAddress: string;
  readonly detectLocal: DetectLocalOptions;
  readonly nodePortAddresses: readonly string[];
  readonly masqueradeAll: boolean;
  readonly masqueradeBit: number;
  readonly localhostNodePorts: boolean;
  readonly syncPeriodMs: number;
  /** Undefined: adapts to how long syncs take. */
  readonly minSyncPeriodMs: number | undefined;
  readonly conntrack: {
    readonly maxPerCore: number;
    readonly min: number;
    readonly tcpEstablishedMs: number;
    readonly tcpCloseWaitMs: number;
    readonly tcpBeLiberal: boolean;
    readonly udpMs: number;
    readonly udpStreamMs: number;
  };
  readonly ipvs: IpvsConfig;
  readonly userspace: UserspaceConfig;
  readonly oomScoreAdj: number;
  readonly verbosity: number;
}

export interface IpvsConfig {
  /** `rr` and so on; empty: the kernel's default, rr. */
  readonly scheduler: string;
  /** Virtual servers in these networks are another program's. */
  readonly excludeCidrs: readonly string[];
  readonly strictArp: boolean;
  /** 0 leaves the kernel's timeout as it is. */
  readonly tcpTimeoutMs: number;
  readonly tcpFinTimeoutMs: number;
  readonly udpTimeoutMs: number;
}

export interface UserspaceConfig {
  /** Where services' ports are opened, as `from-to`; undefined: wherever the kernel likes. */
  readonly portRange: { readonly from: number; readonly to: number } | undefined;
  /** How long an idle UDP flow keeps its socket. */
  readonly udpIdleMs: number;
}

type ProxyFlags = Flags<typeof flagSpecs>;

const detectModes: readonly string[] = ['ClusterCIDR', 'NodeCIDR', 'BridgeInterface', 'InterfaceNamePrefix'];

/**
 * @param file values of the config file, empty without one
 * @throws ConfigError naming each value that can't be used
 */
export const resolveConfig = (flags: ProxyFlags, file: ConfigValues): ProxyConfig => {
  const look = lookup(flags, file);
  const errors: string[] = [];
  const mode = parseMode(look.text('mode', ''), errors);
  const section = sectionOf[mode];
  const config: ProxyConfig = {
    mode,
    nodeName: (look.text('hostnameOverride', '') || hostname()).trim().toLowerCase(),
    kubeconfig: look.text('clientConnection.kubeconfig', ''),
    master: flags.master ?? '',
    bindAddress: look.text('bindAddress', '0.0.0.0'),
    bindAddressHardFail: look.flag('bindAddressHardFail', false),
    healthzBindAddress: withPort(look.text('healthzBindAddress', '0.0.0.0:10256'), 10_256, flags['healthz-port']),
    metricsBindAddress: withPort(look.text('metricsBindAddress', '127.0.0.1:10249'), 10_249, flags['metrics-port']),
    detectLocal: parseDetectLocal(look, errors),
    nodePortAddresses: parseNodePortAddresses(look.texts('nodePortAddresses'), errors),
    masqueradeAll: look.flag(`${section.masquerade}.masqueradeAll`, false),
    masqueradeBit: look.number(`${section.masquerade}.masqueradeBit`, 14),
    localhostNodePorts: look.flag('iptables.localhostNodePorts', true),
    syncPeriodMs: look.number(`${section.pace}.syncPeriod`, 30_000) || 30_000,
    minSyncPeriodMs: look.optional(`${section.pace}.minSyncPeriod`) as number | undefined,
    conntrack: {
      maxPerCore: look.number('conntrack.maxPerCore', 32_768),
      min: look.number('conntrack.min', 131_072),
      tcpEstablishedMs: look.number('conntrack.tcpEstablishedTimeout', 86_400_000),
      tcpCloseWaitMs: look.number('conntrack.tcpCloseWaitTimeout', 3_600_000),
      tcpBeLiberal: look.flag('conntrack.tcpBeLiberal', false),
      udpMs: look.number('conntrack.udpTimeout', 0),
      udpStreamMs: look.number('conntrack.udpStreamTimeout', 0),
    },
    ipvs: {
      scheduler: look.text('ipvs.scheduler', ''),
      excludeCidrs: parseExcludeCidrs(look.texts('ipvs.excludeCIDRs'), errors),
      strictArp: look.flag('ipvs.strictARP', false),
      tcpTimeoutMs: look.number('ipvs.tcpTimeout', 0),
      tcpFinTimeoutMs: look.number('ipvs.tcpFinTimeout', 0),
      udpTimeoutMs: look.number('ipvs.udpTimeout', 0),
    },
    userspace: {
      portRange: parsePortRange(look.text('portRange', ''), errors),
      udpIdleMs: look.number('udpIdleTimeout', 250),
    },
    oomScoreAdj: look.number('oomScoreAdj', -999),
    verbosity: look.number('logging.verbosity', 0),
  };
  if (config.masqueradeBit < 0 || config.masqueradeBit > 31) {
    const field = `${section.masquerade}.masqueradeBit`;
    errors.push(`${field} (--iptables-masquerade-bit): ${config.masqueradeBit} is not within 0 to 31`);
  }
  if (config.kubeconfig === '' && config.master === '') {
    errors.push('no way to the API server: give --kubeconfig, or clientConnection.kubeconfig in the config file');
  }
  if (errors.length > 0) throw new ConfigError(errors.join('\n'));
  return config;
};

interface Lookup {
  optional(path: string): ConfigValue | undefined;
  text(path: string, fallback: string): string;
  number(path: string, fallback: number): number;
  flag(path: string, fallback: boolean): boolean;
  texts(path: string): readonly string[];
}

const lookup = (flags: ProxyFlags, file: ConfigValues): Lookup => {
  const given = flags as Readonly<Record<string, ConfigValue | undefined>>;
  const optional = (path: string): ConfigValue | undefined => {
    const flag = flagOfField[path];
    const value = flag === undefined ? undefined : given[flag];
    // -v has a default of its own, which must not hide the file's.
    return value === undefined || (path === 'logging.verbosity' && value === 0) ? (file.get(path) ?? value) : value;
  };
  return {
    optional,
    text: (path, fallback) => (optional(path) as string | undefined) ?? fallback,
    number: (path, fallback) => (optional(path) as number | undefined) ?? fallback,
    flag: (path, fallback) => (optional(path) as boolean | undefined) ?? fallback,
    texts: (path) => (optional(path) as readonly string[] | undefined) ?? [],
  };
};

/** Which sections of the config file hold a mode's masquerading and its pace. The flags are the same for all of them but ipvs. */
const sectionOf: Readonly<Record<ProxyMode, { readonly masquerade: string; readonly pace: string }>> = {
  iptables: { masquerade: 'iptables', pace: 'iptables' },
  ipvs: { masquerade: 'iptables', pace: 'ipvs' },
  nftables: { masquerade: 'nftables', pace: 'nftables' },
  userspace: { masquerade: 'iptables', pace: 'iptables' },
};

const parseMode = (text: string, errors: string[]): ProxyMode => {
  const mode = proxyModes.find((known) => known === text);
  if (mode) return mode;
  if (text !== '') {
    errors.push(`mode (--proxy-mode): "${text}" is unknown; known are ${proxyModes.join(', ')}`);
  }
  return 'iptables';
};

const parseExcludeCidrs = (cidrs: readonly string[], errors: string[]): readonly string[] => {
  for (const cidr of cidrs) {
    if (!isCidr(cidr)) errors.push(`ipvs.excludeCIDRs (--ipvs-exclude-cidrs): "${cidr}" is not a network`);
  }
  return cidrs;
};

/** `from-to`, `from+size` or one port; empty or `0`: any. */
const parsePortRange = (text: string, errors: string[]): UserspaceConfig['portRange'] => {
  if (text === '' || text === '0' || text === '0-0') return undefined;
  const [, first = '', sign, second = first] = /^(\d+)(?:([-+])(\d+))?$/.exec(text.trim()) ?? [];
  const from = Number(first || Number.NaN);
  const to = sign === '+' ? from + Number(second) : Number(second);
  if (from >= 1 && from <= to && to <= 65_535) return { from, to };
  errors.push(`portRange (--proxy-port-range): "${text}" is not a range such as 40000-41000`);
  return undefined;
};

const parseDetectLocal = (look: Lookup, errors: string[]): DetectLocalOptions => {
  const mode = look.text('detectLocalMode', '') || 'ClusterCIDR';
  const bridgeInterface = look.text('detectLocal.bridgeInterface', '');
  const interfaceNamePrefix = look.text('detectLocal.interfaceNamePrefix', '');
  const clusterCidr = look.text('clusterCIDR', '');
  if (!detectModes.includes(mode)) {
    errors.push(`detectLocalMode (--detect-local-mode): "${mode}" is none of ${detectModes.join(', ')}`);
  }
  for (const cidr of clusterCidr.split(',').filter((part) => part !== '')) {
    if (!isCidr(cidr.trim()))
      errors.push(`clusterCIDR (--cluster-cidr): "${cidr}" is not a network such as 10.244.0.0/16`);
  }
  if (mode === 'BridgeInterface' && bridgeInterface === '') {
    errors.push('detectLocal.bridgeInterface (--pod-bridge-interface) must name the bridge');
  }
  if (mode === 'InterfaceNamePrefix' && interfaceNamePrefix === '') {
    errors.push('detectLocal.interfaceNamePrefix (--pod-interface-name-prefix) must not be empty');
  }
  return { mode: mode as DetectLocalMode, clusterCidr, bridgeInterface, interfaceNamePrefix };
};

const parseNodePortAddresses = (addresses: readonly string[], errors: string[]): readonly string[] => {
  for (const text of addresses) {
    if (text === 'primary' ? addresses.length > 1 : !isCidr(text)) {
      errors.push(`nodePortAddresses (--nodeport-addresses): "${text}" is not a network; or give "primary" alone`);
    }
  }
  return addresses;
};

/** The older flag gives only the port; 0 turns the server off. An address may lack its port. */
const withPort = (address: string, fallback: number, port: number | undefined): string => {
  if (port === 0 || address === '') return '';
  if (isIP(address) !== 0) return `${address.includes(':') ? `[${address}]` : address}:${port ?? fallback}`;
  return port === undefined ? address : `${address.slice(0, address.lastIndexOf(':'))}:${port}`;
};
