// Merges command line and config file into one configuration. A flag wins over the file, the file wins over the
// default.
import { hostname } from 'node:os';
import type { ProxyMode } from '../../../api/proxy-modes.ts';
import type { ProxyConfig } from './config.ts';
import { ConfigError, type ConfigValues } from './file.ts';
import { createLookup, type Lookup, type ProxyFlags } from './lookup.ts';
import * as parse from './parts.ts';

/**
 * @param file values of the config file; empty if there is no file
 * @throws ConfigError with each invalid value and its source
 */
export const resolveConfig = (flags: ProxyFlags, file: ConfigValues): ProxyConfig => {
  const look = createLookup(flags, file);
  const mode = parse.parseMode(look);
  const { masquerade, pace } = sectionOf[mode];
  const config: ProxyConfig = {
    mode,
    ...nodeNameOf(look),
    kubeconfig: look.text('clientConnection.kubeconfig', ''),
    master: flags.master ?? '',
    ...serving(look, flags),
    detectLocal: parse.parseDetectLocal(look),
    nodePortAddresses: parse.parseNodePortAddresses(look),
    masqueradeAll: look.flag(`${masquerade}.masqueradeAll`, false),
    masqueradeBit: look.within(`${masquerade}.masqueradeBit`, 14, [0, 31]),
    localhostNodePorts: look.flag('iptables.localhostNodePorts', true),
    ...parse.parsePace(look, pace),
    conntrack: conntrackOf(look),
    ipvs: {
      scheduler: look.text('ipvs.scheduler', ''),
      excludeCidrs: parse.parseExcludeCidrs(look),
      strictArp: look.flag('ipvs.strictARP', false),
      tcpTimeoutMs: look.number('ipvs.tcpTimeout', 0),
      tcpFinTimeoutMs: look.number('ipvs.tcpFinTimeout', 0),
      udpTimeoutMs: look.number('ipvs.udpTimeout', 0),
    },
    userspace: {
      portRange: parse.parsePortRange(look),
      udpIdleMs: look.number('udpIdleTimeout', 250) || 250,
    },
    oomScoreAdj: look.within('oomScoreAdj', -999, [-1000, 1000]),
    verbosity: look.number('logging.verbosity', 0),
    logFormat: parse.parseLogFormat(look),
    vmodule: parse.parseVmodule(look),
  };
  if (look.complaints.length > 0) throw new ConfigError(look.complaints.join('\n'));
  return config;
};

const nodeNameOf = (look: Lookup): Pick<ProxyConfig, 'nodeName' | 'hostnameOverride'> => {
  const hostnameOverride = look.text('hostnameOverride', '');
  const nodeName = (hostnameOverride || hostname()).trim().toLowerCase();
  if (nodeName === '') look.complain('hostnameOverride', 'it is blank');
  return { nodeName, hostnameOverride };
};

const serving = (look: Lookup, flags: ProxyFlags) => {
  const bindAddress = parse.parseBindAddress(look);
  const isV6 = bindAddress.includes(':');
  const healthz = {
    ...{ host: isV6 ? '::' : '0.0.0.0', port: 10_256, flag: flags['healthz-port'] },
    off: flags['healthz-bind-address'] === '',
  };
  const metrics = {
    ...{ host: isV6 ? '::1' : '127.0.0.1', port: 10_249, flag: flags['metrics-port'] },
    off: flags['metrics-bind-address'] === '',
  };
  return {
    bindAddress,
    bindAddressHardFail: look.flag('bindAddressHardFail', false),
    healthzBindAddress: parse.parseListening(look, 'healthzBindAddress', healthz),
    metricsBindAddress: parse.parseListening(look, 'metricsBindAddress', metrics),
  };
};

const conntrackOf = (look: Lookup): ProxyConfig['conntrack'] => ({
  maxPerCore: look.within('conntrack.maxPerCore', 32_768, [0, 2 ** 31 - 1]),
  min: look.within('conntrack.min', 131_072, [0, 2 ** 31 - 1]),
  tcpEstablishedMs: look.number('conntrack.tcpEstablishedTimeout', 86_400_000),
  tcpCloseWaitMs: look.number('conntrack.tcpCloseWaitTimeout', 3_600_000),
  tcpBeLiberal: look.flag('conntrack.tcpBeLiberal', false),
  udpMs: look.number('conntrack.udpTimeout', 0),
  udpStreamMs: look.number('conntrack.udpStreamTimeout', 0),
});

/**
 * The sections of the config file with a mode's masquerade settings and sync periods. All modes except ipvs share the
 * same flags.
 */
const sectionOf: Readonly<Record<ProxyMode, { readonly masquerade: string; readonly pace: string }>> = {
  iptables: { masquerade: 'iptables', pace: 'iptables' },
  ipvs: { masquerade: 'iptables', pace: 'ipvs' },
  nftables: { masquerade: 'nftables', pace: 'nftables' },
  userspace: { masquerade: 'iptables', pace: 'iptables' },
};
