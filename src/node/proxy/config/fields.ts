// Lists the fields of KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1) and the flag that sets each field.

export type FieldType =
  | 'string'
  | 'boolean'
  | 'int'
  | 'number'
  | 'duration'
  /** Written as a duration, or as a number of nanoseconds. */
  | 'flexibleDuration'
  | 'strings'
  | 'map'
  | 'switches'
  | 'vmodule';
export interface Section {
  readonly [field: string]: FieldType | Section;
}

export const configFields: Section = {
  apiVersion: 'string',
  kind: 'string',
  featureGates: 'switches',
  clientConnection: {
    kubeconfig: 'string',
    acceptContentTypes: 'string',
    contentType: 'string',
    qps: 'number',
    burst: 'int',
  },
  logging: {
    format: 'string',
    flushFrequency: 'flexibleDuration',
    verbosity: 'int',
    vmodule: 'vmodule',
    options: 'map',
  },
  hostnameOverride: 'string',
  bindAddress: 'string',
  healthzBindAddress: 'string',
  metricsBindAddress: 'string',
  bindAddressHardFail: 'boolean',
  enableProfiling: 'boolean',
  showHiddenMetricsForVersion: 'string',
  mode: 'string',
  iptables: {
    masqueradeBit: 'int',
    masqueradeAll: 'boolean',
    localhostNodePorts: 'boolean',
    syncPeriod: 'duration',
    minSyncPeriod: 'duration',
  },
  ipvs: {
    syncPeriod: 'duration',
    minSyncPeriod: 'duration',
    scheduler: 'string',
    excludeCIDRs: 'strings',
    strictARP: 'boolean',
    tcpTimeout: 'duration',
    tcpFinTimeout: 'duration',
    udpTimeout: 'duration',
  },
  nftables: { masqueradeBit: 'int', masqueradeAll: 'boolean', syncPeriod: 'duration', minSyncPeriod: 'duration' },
  winkernel: {
    networkName: 'string',
    sourceVip: 'string',
    enableDSR: 'boolean',
    rootHnsEndpointName: 'string',
    forwardHealthCheckVip: 'boolean',
  },
  detectLocalMode: 'string',
  detectLocal: { bridgeInterface: 'string', interfaceNamePrefix: 'string' },
  clusterCIDR: 'string',
  nodePortAddresses: 'strings',
  oomScoreAdj: 'int',
  conntrack: {
    maxPerCore: 'int',
    min: 'int',
    tcpEstablishedTimeout: 'duration',
    tcpCloseWaitTimeout: 'duration',
    tcpBeLiberal: 'boolean',
    udpTimeout: 'duration',
    udpStreamTimeout: 'duration',
  },
  configSyncPeriod: 'duration',
  portRange: 'string',
  udpIdleTimeout: 'duration',
  windowsRunAsService: 'boolean',
};

/** Path of a field in the file → name of its flag. */
export const flagOfField: Readonly<Record<string, string>> = {
  bindAddress: 'bind-address',
  bindAddressHardFail: 'bind-address-hard-fail',
  clusterCIDR: 'cluster-cidr',
  configSyncPeriod: 'config-sync-period',
  'conntrack.maxPerCore': 'conntrack-max-per-core',
  'conntrack.min': 'conntrack-min',
  'conntrack.tcpBeLiberal': 'conntrack-tcp-be-liberal',
  'conntrack.tcpCloseWaitTimeout': 'conntrack-tcp-timeout-close-wait',
  'conntrack.tcpEstablishedTimeout': 'conntrack-tcp-timeout-established',
  'conntrack.udpTimeout': 'conntrack-udp-timeout',
  'conntrack.udpStreamTimeout': 'conntrack-udp-timeout-stream',
  detectLocalMode: 'detect-local-mode',
  'detectLocal.bridgeInterface': 'pod-bridge-interface',
  'detectLocal.interfaceNamePrefix': 'pod-interface-name-prefix',
  healthzBindAddress: 'healthz-bind-address',
  hostnameOverride: 'hostname-override',
  'iptables.localhostNodePorts': 'iptables-localhost-nodeports',
  'iptables.masqueradeBit': 'iptables-masquerade-bit',
  'iptables.masqueradeAll': 'masquerade-all',
  'iptables.minSyncPeriod': 'iptables-min-sync-period',
  'iptables.syncPeriod': 'iptables-sync-period',
  'ipvs.excludeCIDRs': 'ipvs-exclude-cidrs',
  'ipvs.minSyncPeriod': 'ipvs-min-sync-period',
  'ipvs.scheduler': 'ipvs-scheduler',
  'ipvs.strictARP': 'ipvs-strict-arp',
  'ipvs.syncPeriod': 'ipvs-sync-period',
  'ipvs.tcpFinTimeout': 'ipvs-tcpfin-timeout',
  'ipvs.tcpTimeout': 'ipvs-tcp-timeout',
  'ipvs.udpTimeout': 'ipvs-udp-timeout',
  'nftables.masqueradeAll': 'masquerade-all',
  'nftables.masqueradeBit': 'iptables-masquerade-bit',
  'nftables.minSyncPeriod': 'iptables-min-sync-period',
  'nftables.syncPeriod': 'iptables-sync-period',
  'clientConnection.kubeconfig': 'kubeconfig',
  'logging.format': 'logging-format',
  'logging.verbosity': 'v',
  'logging.vmodule': 'vmodule',
  metricsBindAddress: 'metrics-bind-address',
  mode: 'proxy-mode',
  nodePortAddresses: 'nodeport-addresses',
  oomScoreAdj: 'oom-score-adj',
  portRange: 'proxy-port-range',
  udpIdleTimeout: 'udp-timeout',
};
