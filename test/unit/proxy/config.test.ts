// The configuration from flags and from the file.
import { describe, expect, test } from 'vitest';
import { parseFlags } from '../../../src/node/component/flags.ts';
import type { ProxyConfig } from '../../../src/node/proxy/config/config.ts';
import { parseConfig } from '../../../src/node/proxy/config/file.ts';
import { flagSpecs } from '../../../src/node/proxy/config/flags.ts';
import { renderConfig, renderConfigz } from '../../../src/node/proxy/config/render.ts';
import { resolveConfig } from '../../../src/node/proxy/config/resolve.ts';

const head = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n';
const resolve = (argv: readonly string[], yaml?: string): ProxyConfig =>
  resolveConfig(
    parseFlags(flagSpecs, ['--kubeconfig=/k', ...argv]),
    yaml === undefined ? new Map() : parseConfig(head + yaml, 'config.yaml'),
  );

describe('a configuration', () => {
  test('has the defaults of the original', () => {
    expect(resolve(['--hostname-override=N1'])).toMatchObject({
      mode: 'iptables',
      nodeName: 'n1',
      healthzBindAddress: '0.0.0.0:10256',
      metricsBindAddress: '127.0.0.1:10249',
      masqueradeBit: 14,
      localhostNodePorts: true,
      syncPeriodMs: 30_000,
      minSyncPeriodMs: undefined,
      detectLocal: { mode: 'ClusterCIDR', clusterCidr: '' },
    });
  });

  test('comes from the file', () => {
    const config = resolve(
      [],
      'clusterCIDR: 10.244.0.0/16\niptables:\n  syncPeriod: 1m30s\n  masqueradeAll: true\nlogging: {verbosity: 4}\n',
    );
    expect(config).toMatchObject({
      detectLocal: { clusterCidr: '10.244.0.0/16' },
      syncPeriodMs: 90_000,
      masqueradeAll: true,
      verbosity: 4,
    });
  });

  test('prefers a flag to the file', () => {
    const config = resolve(
      ['--cluster-cidr=10.1.0.0/16', '-v=2', '--iptables-sync-period=5s'],
      'clusterCIDR: 10.244.0.0/16\nlogging: {verbosity: 4}\niptables: {syncPeriod: 30s}\n',
    );
    expect(config).toMatchObject({ detectLocal: { clusterCidr: '10.1.0.0/16' }, verbosity: 2, syncPeriodMs: 5000 });
  });

  test('disables servers with an empty address or port 0', () => {
    expect(resolve(['--healthz-bind-address=', '--metrics-port=0'])).toMatchObject({
      healthzBindAddress: '',
      metricsBindAddress: '',
    });
  });

  test.each(['iptables', 'ipvs', 'nftables', 'userspace'])('takes mode %s from the flag or the file', (mode) => {
    expect(resolve([`--proxy-mode=${mode}`]).mode).toBe(mode);
    expect(resolve([], `mode: ${mode}\n`).mode).toBe(mode);
  });

  test('takes sync periods and masquerading from the section of the mode', () => {
    const file =
      'iptables: {syncPeriod: 10s, masqueradeBit: 10}\nipvs: {syncPeriod: 20s}\nnftables: {masqueradeBit: 12}\n';
    expect(resolve([], `mode: ipvs\n${file}`)).toMatchObject({ syncPeriodMs: 20_000, masqueradeBit: 10 });
    expect(resolve([], `mode: nftables\n${file}`)).toMatchObject({ syncPeriodMs: 30_000, masqueradeBit: 12 });
  });

  test.each([
    ['', undefined],
    ['40000-40010', { from: 40_000, to: 40_010 }],
    ['40000+10', { from: 40_000, to: 40_010 }],
    ['40000', { from: 40_000, to: 40_000 }],
  ])('reads the port range %j', (text, portRange) => {
    expect(resolve(text === '' ? [] : [`--proxy-port-range=${text}`]).userspace.portRange).toEqual(portRange);
  });

  test.each(['40010-40000', '0-70000', 'many'])('refuses the port range %s', (text) => {
    expect(() => resolve([`--proxy-port-range=${text}`])).toThrow(/is not a range such as/);
  });

  test('reports all invalid values', () => {
    expect(() =>
      resolve(['--cluster-cidr=10.244.0.0', '--detect-local-mode=Guess', '--nodeport-addresses=primary,10.0.0.0/8']),
    ).toThrow(
      /--detect-local-mode: "Guess" is none of.*\n--cluster-cidr: .*10\.244\.0\.0" is not a network.*\n.*primary/s,
    );
  });

  test.each([
    ['mode: magic', 'config.yaml:3: "mode": "magic" is unknown; known are iptables, ipvs, nftables, userspace'],
    ['oomScoreAdj: -2000', 'config.yaml:3: "oomScoreAdj": -2000 is not within -1000 to 1000'],
    ['iptables: {masqueradeBit: 40}', 'config.yaml:3: "iptables.masqueradeBit": 40 is not within 0 to 31'],
    [
      'iptables: {minSyncPeriod: 2m}',
      'config.yaml:3: "iptables.minSyncPeriod": it must not be longer than iptables.syncPeriod',
    ],
    [
      'clusterCIDR: "10.0.0.0/8,10.1.0.0/16"',
      'config.yaml:3: "clusterCIDR": "10.0.0.0/8,10.1.0.0/16" has more than one network',
    ],
    ['bindAddress: here', 'config.yaml:3: "bindAddress": "here" is not an IP address'],
    ['healthzBindAddress: 10256', 'config.yaml:3: "healthzBindAddress" must be a string, not 10256'],
    ['metricsBindAddress: ":99999"', 'config.yaml:3: "metricsBindAddress": ":99999" is not an address with a port'],
    ['hostnameOverride: " "', 'config.yaml:3: "hostnameOverride": it is blank'],
    ['logging: {format: xml}', 'config.yaml:3: "logging.format": "xml" is neither text nor json'],
    ['logging: {vmodule: [{filePattern: a}]}', '"logging.vmodule" must be a list of filePattern and verbosity'],
    ['featureGates: {A: maybe}', '"featureGates" must be a map of names to true or false, not {"A":"maybe"}'],
  ])('with %s in its file is refused, with the line number', (yaml, message) => {
    expect(() => resolve([], `${yaml}\n`)).toThrow(message);
  });

  test('has its servers on IPv6 if the node is on IPv6', () => {
    expect(resolve(['--bind-address=::'])).toMatchObject({
      healthzBindAddress: '[::]:10256',
      metricsBindAddress: '[::1]:10249',
    });
  });

  test('treats an empty address in the file as the default, and accepts a port alone from the older flag', () => {
    expect(resolve(['--metrics-port=9999'], 'healthzBindAddress: ""\n')).toMatchObject({
      healthzBindAddress: '0.0.0.0:10256',
      metricsBindAddress: '127.0.0.1:9999',
    });
  });

  test('is the same after it is written to a file and read again', () => {
    const flags = [
      ...['--hostname-override=n1', '--proxy-mode=ipvs', '--cluster-cidr=10.0.0.0/8,fd00::/64', '--masquerade-all'],
      ...['--nodeport-addresses=10.0.0.0/8,127.0.0.0/8', '--ipvs-exclude-cidrs=10.9.0.0/16', '--ipvs-scheduler=lc'],
      ...['--ipvs-min-sync-period=250ms', '--ipvs-sync-period=1h30m', '--conntrack-udp-timeout=1.5s', '-v=4'],
      ...['--proxy-port-range=40000-40010', '--vmodule=proxier=5,config*=2', '--logging-format=json'],
      ...[
        '--pod-interface-name-prefix=veth',
        '--detect-local-mode=InterfaceNamePrefix',
        '--metrics-bind-address=[::1]:1',
      ],
    ];
    for (const argv of [[], flags]) {
      const config = resolve(argv);
      const written = renderConfig(config);
      expect(resolveConfig(parseFlags(flagSpecs, []), parseConfig(written, 'written.yaml'))).toEqual(config);
    }
  });

  const shownAt = (argv: readonly string[]) => JSON.parse(renderConfigz(resolve(argv)))['kubeproxy.config.k8s.io'];

  test('is shown with the fields of a config file', () => {
    expect(shownAt(['--cluster-cidr=10.0.0.0/8', '--masquerade-all'])).toMatchObject({
      conntrack: { maxPerCore: 32_768, tcpEstablishedTimeout: '24h0m0s', udpTimeout: '0s' },
      oomScoreAdj: -999,
      iptables: { masqueradeAll: true, syncPeriod: '30s' },
      ipvs: { excludeCIDRs: null, strictARP: false, tcpFinTimeout: '0s', syncPeriod: '0s' },
      nftables: { masqueradeAll: false, syncPeriod: '0s' },
      clusterCIDR: '10.0.0.0/8',
      nodePortAddresses: null,
    });
    expect(shownAt(['--proxy-mode=nftables', '--masquerade-all'])).toMatchObject({
      iptables: { masqueradeAll: false, syncPeriod: '0s' },
      nftables: { masqueradeAll: true, syncPeriod: '30s' },
      nodePortAddresses: ['primary'],
    });
  });

  test.each(['iptables', 'ipvs', 'nftables'])('of mode %s can be read back from what is shown', (mode) => {
    const argv = [
      `--proxy-mode=${mode}`,
      '--masquerade-all',
      '--iptables-min-sync-period=2s',
      '--ipvs-min-sync-period=2s',
    ];
    const config = resolve([...argv, '--nodeport-addresses=10.0.0.0/8']);
    const shown = JSON.parse(renderConfigz(config))['kubeproxy.config.k8s.io'];
    const file = JSON.stringify({
      ...{ apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration' },
      ...shown,
    });
    expect(resolveConfig(parseFlags(flagSpecs, []), parseConfig(file, 'config.json'))).toEqual(config);
  });
});

describe('a config file', () => {
  test('is rejected for unknown fields, each with its line and path', () => {
    expect(() => parseConfig(`${head}clusterCidr: 10.0.0.0/8\niptables:\n  syncperiod: 1s\n`, 'c.yaml')).toThrow(
      'c.yaml:3: unknown field "clusterCidr"\nc.yaml:5: unknown field "iptables.syncperiod"',
    );
  });

  test.each([
    [
      'iptables: {syncPeriod: soon}',
      'c.yaml:3: "iptables.syncPeriod" must be a duration such as 30s or 1m30s, not "soon"',
    ],
    ['nodePortAddresses: all', 'c.yaml:3: "nodePortAddresses" must be a list of strings'],
    ['iptables: true', 'c.yaml:3: "iptables" must have fields of its own'],
    ['mode: ipvs\nmode: iptables', 'c.yaml:4: "mode" stands here a second time'],
    ['ipvs: {strictARP: true, strictARP: false}', 'c.yaml:3: "ipvs.strictARP" stands here a second time'],
    ['iptables: [', 'c.yaml:3: '],
    [
      'logging: {flushFrequency: soon}',
      'c.yaml:3: "logging.flushFrequency" must be a duration such as 30s, or a number of nanoseconds, not "soon"',
    ],
    ['iptables: {syncPeriod: 5000000000}', 'must be a duration such as 30s or 1m30s'],
    ['oomScoreAdj: low', 'c.yaml:3: "oomScoreAdj" must be a whole number'],
  ])('with %s is refused', (line, message) => {
    expect(() => parseConfig(head + line, 'c.yaml')).toThrow(message);
  });

  test('is rejected if it is of another kind', () => {
    expect(() => parseConfig('apiVersion: v1\nkind: Pod\n', 'c.yaml')).toThrow(/unknown field|KubeProxyConfiguration/);
    expect(() => parseConfig('just text', 'c.yaml')).toThrow(/not a KubeProxyConfiguration/);
    expect(() => parseConfig('a: [', 'c.yaml')).toThrow(/c\.yaml/);
  });

  test('is read if it is that of the original with all defaults written out', () => {
    const yaml = `${head}bindAddress: 0.0.0.0\nbindAddressHardFail: false\nclientConnection: {acceptContentTypes: "", burst: 10, contentType: application/json, kubeconfig: /k, qps: 5}\nconfigSyncPeriod: 15m0s\nconntrack: {maxPerCore: 32768, min: null, tcpBeLiberal: false, tcpCloseWaitTimeout: 1h0m0s, tcpEstablishedTimeout: 24h0m0s, udpStreamTimeout: 0s, udpTimeout: 0s}\ndetectLocal: {bridgeInterface: "", interfaceNamePrefix: ""}\ndetectLocalMode: ""\nenableProfiling: false\nhealthzBindAddress: ""\nhostnameOverride: ""\niptables: {localhostNodePorts: null, masqueradeAll: false, masqueradeBit: 14, minSyncPeriod: 1s, syncPeriod: 30s}\nipvs: {excludeCIDRs: null, minSyncPeriod: 0s, scheduler: "", strictARP: false, syncPeriod: 0s, tcpFinTimeout: 0s, tcpTimeout: 0s, udpTimeout: 0s}\nlogging: {flushFrequency: 5000000000, options: {json: {infoBufferSize: "0"}}, verbosity: 0}\nmetricsBindAddress: ""\nmode: ""\nnftables: {masqueradeAll: false, masqueradeBit: null, minSyncPeriod: 0s, syncPeriod: 0s}\nnodePortAddresses: null\noomScoreAdj: null\nportRange: ""\nshowHiddenMetricsForVersion: ""\nwinkernel: {enableDSR: false, forwardHealthCheckVip: false, networkName: "", rootHnsEndpointName: "", sourceVip: ""}\n`;
    expect(parseConfig(yaml, 'c.yaml').get('iptables.minSyncPeriod')).toBe(1000);
  });
});
