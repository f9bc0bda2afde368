// Command line and config file → one configuration. A flag that is given wins over the file; the file wins over the default.

import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { Flags } from '../component/flags.ts';
import { isCidr } from './cidr.ts';
import { flagOfField } from './config-fields.ts';
import { ConfigError, type ConfigValue, type ConfigValues } from './config-file.ts';
import type { flagSpecs } from './flags.ts';
import type { DetectLocalMode, DetectLocalOptions } from './local-detector.ts';

export interface ProxyConfig {
  readonly mode: 'iptables';
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
  readonly oomScoreAdj: number;
  readonly verbosity: number;
}

type ProxyFlags = Flags<typeof flagSpecs>;

const modes = ['iptables', 'ipvs', 'nftables', 'userspace'];
const detectModes: readonly string[] = ['ClusterCIDR', 'NodeCIDR', 'BridgeInterface', 'InterfaceNamePrefix'];

/**
 * @param file values of the config file, empty without one
 * @throws ConfigError naming each value that can't be used
 */
export const resolveConfig = (flags: ProxyFlags, file: ConfigValues): ProxyConfig => {
  const look = lookup(flags, file);
  const errors: string[] = [];
  const config: ProxyConfig = {
    mode: parseMode(look.text('mode', ''), errors),
    nodeName: (look.text('hostnameOverride', '') || hostname()).trim().toLowerCase(),
    kubeconfig: look.text('clientConnection.kubeconfig', ''),
    master: flags.master ?? '',
    bindAddress: look.text('bindAddress', '0.0.0.0'),
    bindAddressHardFail: look.flag('bindAddressHardFail', false),
    healthzBindAddress: withPort(look.text('healthzBindAddress', '0.0.0.0:10256'), 10_256, flags['healthz-port']),
    metricsBindAddress: withPort(look.text('metricsBindAddress', '127.0.0.1:10249'), 10_249, flags['metrics-port']),
    detectLocal: parseDetectLocal(look, errors),
    nodePortAddresses: parseNodePortAddresses(look.texts('nodePortAddresses'), errors),
    masqueradeAll: look.flag('iptables.masqueradeAll', false),
    masqueradeBit: look.number('iptables.masqueradeBit', 14),
    localhostNodePorts: look.flag('iptables.localhostNodePorts', true),
    syncPeriodMs: look.number('iptables.syncPeriod', 30_000) || 30_000,
    minSyncPeriodMs: look.optional('iptables.minSyncPeriod') as number | undefined,
    conntrack: {
      maxPerCore: look.number('conntrack.maxPerCore', 32_768),
      min: look.number('conntrack.min', 131_072),
      tcpEstablishedMs: look.number('conntrack.tcpEstablishedTimeout', 86_400_000),
      tcpCloseWaitMs: look.number('conntrack.tcpCloseWaitTimeout', 3_600_000),
      tcpBeLiberal: look.flag('conntrack.tcpBeLiberal', false),
      udpMs: look.number('conntrack.udpTimeout', 0),
      udpStreamMs: look.number('conntrack.udpStreamTimeout', 0),
    },
    oomScoreAdj: look.number('oomScoreAdj', -999),
    verbosity: look.number('logging.verbosity', 0),
  };
  if (config.masqueradeBit < 0 || config.masqueradeBit > 31) {
    errors.push(`iptables.masqueradeBit (--iptables-masquerade-bit): ${config.masqueradeBit} is not within 0 to 31`);
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

/** Says so when a mode is asked for that isn't there, instead of quietly taking another. */
const parseMode = (mode: string, errors: string[]): 'iptables' => {
  if (mode === '' || mode === 'iptables') return 'iptables';
  errors.push(
    modes.includes(mode)
      ? `proxy mode "${mode}" is not available in this kube-proxy yet; use "iptables" (--proxy-mode, or mode in the config file)`
      : `unknown proxy mode "${mode}"; known are ${modes.join(', ')}`,
  );
  return 'iptables';
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
