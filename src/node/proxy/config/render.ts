// Renders the configuration in use: as a file that can be read back, and for /configz.

import { stringify } from 'yaml';
import { kubeProxyConfigVersion } from '../../../api/version.ts';
import { formatGoDuration as duration } from '../../../kit/duration.ts';
import type { ProxyConfig } from './config.ts';

/**
 * A KubeProxyConfiguration for `--write-config-to`. The format has no field for `--master`, nor for a server that an
 * empty flag turned off, so both are missing.
 */
export const renderConfig = (config: ProxyConfig): string => {
  const masquerade = { masqueradeAll: config.masqueradeAll, masqueradeBit: config.masqueradeBit };
  // Every mode's section gets the same values. Only the section of the mode in use is read.
  const pace = {
    syncPeriod: duration(config.syncPeriodMs),
    ...(config.minSyncPeriodMs === undefined ? {} : { minSyncPeriod: duration(config.minSyncPeriodMs) }),
  };
  const { bridgeInterface, interfaceNamePrefix, clusterCidr, mode: detectLocalMode } = config.detectLocal;
  return stringify({
    apiVersion: kubeProxyConfigVersion,
    kind: 'KubeProxyConfiguration',
    bindAddress: config.bindAddress,
    bindAddressHardFail: config.bindAddressHardFail,
    clientConnection: { kubeconfig: config.kubeconfig },
    clusterCIDR: clusterCidr,
    conntrack: conntrackFields(config),
    detectLocal: { bridgeInterface, interfaceNamePrefix },
    detectLocalMode,
    healthzBindAddress: config.healthzBindAddress,
    hostnameOverride: config.hostnameOverride,
    iptables: { ...masquerade, localhostNodePorts: config.localhostNodePorts, ...pace },
    ipvs: { ...ipvsFields(config), ...pace },
    logging: {
      format: config.logFormat,
      verbosity: config.verbosity,
      vmodule: vmoduleFields(config.vmodule),
    },
    metricsBindAddress: config.metricsBindAddress,
    mode: config.mode,
    nftables: { ...masquerade, ...pace },
    nodePortAddresses: config.nodePortAddresses,
    oomScoreAdj: config.oomScoreAdj,
    portRange: portRangeText(config),
    udpIdleTimeout: duration(config.userspace.udpIdleMs),
  });
};

const portRangeText = ({ userspace: { portRange } }: ProxyConfig): string =>
  portRange === undefined ? '' : `${portRange.from}-${portRange.to}`;

const conntrackFields = ({ conntrack }: ProxyConfig) => ({
  maxPerCore: conntrack.maxPerCore,
  min: conntrack.min,
  tcpEstablishedTimeout: duration(conntrack.tcpEstablishedMs),
  tcpCloseWaitTimeout: duration(conntrack.tcpCloseWaitMs),
  tcpBeLiberal: conntrack.tcpBeLiberal,
  udpTimeout: duration(conntrack.udpMs),
  udpStreamTimeout: duration(conntrack.udpStreamMs),
});

const ipvsFields = ({ ipvs }: ProxyConfig) => ({
  scheduler: ipvs.scheduler,
  excludeCIDRs: ipvs.excludeCidrs,
  strictARP: ipvs.strictArp,
  tcpTimeout: duration(ipvs.tcpTimeoutMs),
  tcpFinTimeout: duration(ipvs.tcpFinTimeoutMs),
  udpTimeout: duration(ipvs.udpTimeoutMs),
});

/** The body of /configz: the fields of a KubeProxyConfiguration with all defaults, without its kind and version. */
export const renderConfigz = (config: ProxyConfig): string => {
  const { bridgeInterface, interfaceNamePrefix, clusterCidr, mode: detectLocalMode } = config.detectLocal;
  // The settings that all modes share appear in the section of the mode in use.
  const section = { userspace: 'iptables' as const, iptables: 'iptables', ipvs: 'ipvs', nftables: 'nftables' }[
    config.mode
  ];
  const paceOf = (name: string) => ({
    syncPeriod: duration(name === section ? config.syncPeriodMs : 0),
    minSyncPeriod: duration(name === section ? (config.minSyncPeriodMs ?? 0) : 0),
  });
  const masqueradeOf = (name: string) => ({
    masqueradeBit: config.masqueradeBit,
    masqueradeAll: config.masqueradeAll && (name === 'nftables') === (section === 'nftables'),
  });
  const { excludeCIDRs, ...ipvs } = ipvsFields(config);
  const nodePortAddresses = config.mode === 'nftables' ? ['primary'] : [];
  return JSON.stringify({
    'kubeproxy.config.k8s.io': {
      clientConnection: {
        ...{
          kubeconfig: config.kubeconfig,
          acceptContentTypes: '',
          contentType: 'application/json',
          qps: 5,
          burst: 10,
        },
      },
      logging: loggingFields(config),
      hostnameOverride: config.hostnameOverride,
      bindAddress: config.bindAddress,
      healthzBindAddress: config.healthzBindAddress,
      metricsBindAddress: config.metricsBindAddress,
      bindAddressHardFail: config.bindAddressHardFail,
      enableProfiling: false,
      showHiddenMetricsForVersion: '',
      mode: config.mode,
      iptables: { ...masqueradeOf('iptables'), localhostNodePorts: config.localhostNodePorts, ...paceOf('iptables') },
      ipvs: { ...paceOf('ipvs'), ...ipvs, excludeCIDRs: orNull(excludeCIDRs) },
      nftables: { ...masqueradeOf('nftables'), ...paceOf('nftables') },
      winkernel: {
        ...{ networkName: '', sourceVip: '', enableDSR: false, rootHnsEndpointName: '', forwardHealthCheckVip: false },
      },
      detectLocalMode,
      detectLocal: { bridgeInterface, interfaceNamePrefix },
      clusterCIDR: clusterCidr,
      nodePortAddresses: orNull(config.nodePortAddresses.length > 0 ? config.nodePortAddresses : nodePortAddresses),
      oomScoreAdj: config.oomScoreAdj,
      conntrack: conntrackFields(config),
      configSyncPeriod: '15m0s',
      portRange: portRangeText(config),
    },
  });
};

const loggingFields = ({ logFormat, verbosity, vmodule }: ProxyConfig) => ({
  ...{ format: logFormat, flushFrequency: '5s', verbosity },
  ...(vmodule.size === 0 ? {} : { vmodule: vmoduleFields(vmodule) }),
  options: {
    text: { splitStream: false, infoBufferSize: '0' },
    json: { splitStream: false, infoBufferSize: '0' },
  },
});

const vmoduleFields = (vmodule: ProxyConfig['vmodule']) =>
  [...vmodule].map(([filePattern, verbosity]) => ({ filePattern, verbosity }));

/** Go prints an empty list as null. */
const orNull = (list: readonly string[]): readonly string[] | null => (list.length === 0 ? null : list);
