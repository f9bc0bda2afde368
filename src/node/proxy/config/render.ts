// Renders the configuration in use: as a file that can be read back, and in the original's form for /configz.

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
      vmodule: [...config.vmodule].map(([filePattern, verbosity]) => ({ filePattern, verbosity })),
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

/**
 * The body of /configz. The original shows its internal structures there, whose names differ from the file's fields.
 */
export const renderConfigz = (config: ProxyConfig): string =>
  JSON.stringify({
    'kubeproxy.config.k8s.io': {
      Linux: {
        Conntrack: capitalized(conntrackFields(config)),
        MasqueradeAll: config.masqueradeAll,
        OOMScoreAdj: config.oomScoreAdj,
      },
      Windows: { RunAsService: false },
      FeatureGates: {},
      ClientConnection: {
        ...{
          Kubeconfig: config.kubeconfig,
          AcceptContentTypes: '',
          ContentType: 'application/json',
          QPS: 5,
          Burst: 10,
        },
      },
      Logging: {
        ...{ format: config.logFormat, flushFrequency: '5s', verbosity: config.verbosity },
        options: { text: { infoBufferSize: '0' }, json: { infoBufferSize: '0' } },
      },
      HostnameOverride: config.hostnameOverride,
      BindAddress: config.bindAddress,
      HealthzBindAddress: config.healthzBindAddress,
      MetricsBindAddress: config.metricsBindAddress,
      BindAddressHardFail: config.bindAddressHardFail,
      EnableProfiling: false,
      ShowHiddenMetricsForVersion: '',
      Mode: config.mode,
      IPTables: { MasqueradeBit: config.masqueradeBit, LocalhostNodePorts: config.localhostNodePorts },
      IPVS: capitalized(ipvsFields(config)),
      Winkernel: {
        ...{ NetworkName: '', SourceVip: '', EnableDSR: false, RootHnsEndpointName: '', ForwardHealthCheckVip: false },
      },
      NFTables: { MasqueradeBit: config.masqueradeBit },
      DetectLocalMode: config.detectLocal.mode,
      DetectLocal: {
        BridgeInterface: config.detectLocal.bridgeInterface,
        ClusterCIDRs: config.detectLocal.clusterCidr.split(',').filter((cidr) => cidr !== ''),
        InterfaceNamePrefix: config.detectLocal.interfaceNamePrefix,
      },
      NodePortAddresses: config.nodePortAddresses,
      SyncPeriod: duration(config.syncPeriodMs),
      MinSyncPeriod: duration(config.minSyncPeriodMs ?? 0),
      ConfigSyncPeriod: '15m0s',
    },
  });

/** Renames fields as in Go's structures: `tcpBeLiberal` becomes `TCPBeLiberal`. */
const capitalized = (fields: object): object =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name.replace(/^(tcp|udp)(?=[A-Z])|^[a-z]/, (start) => start.toUpperCase()),
      value,
    ]),
  );
