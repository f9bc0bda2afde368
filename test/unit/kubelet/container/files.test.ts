import { describe, expect, test } from 'vitest';
import { hostsFile, podHostname, resolvConf } from '../../../../src/node/kubelet/container/files.ts';
import { podWith } from '../builders.ts';

describe('the files in every container', () => {
  test('/etc/hosts has the pod and its host aliases', () => {
    const pod = podWith({ hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }] });
    const text = hostsFile(pod, '10.244.1.2', 'cluster.local');
    expect(text).toContain('10.244.1.2\tweb\n');
    expect(text).toContain('1.2.3.4\ta\tb\n');
  });

  test('a subdomain gives the pod its full name', () => {
    const text = hostsFile(podWith({ hostname: 'h', subdomain: 'sub' }), '10.244.1.2', 'cluster.local');
    expect(text).toContain('10.244.1.2\th.sub.default.svc.cluster.local\th\n');
  });

  const dns = { clusterDns: ['10.96.0.10'], clusterDomain: 'cluster.local', nodeResolvConf: 'nameserver 9.9.9.9\n' };
  test('/etc/resolv.conf names the cluster’s DNS server', () => {
    expect(resolvConf(podWith(), dns)).toBe(
      'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n',
    );
  });

  test.each([
    { name: 'dnsPolicy Default', spec: { dnsPolicy: 'Default' as const } },
    { name: 'a pod on the node’s network', spec: { hostNetwork: true } },
  ])('$name uses the node’s DNS servers', ({ spec }) =>
    expect(resolvConf(podWith(spec), dns)).toBe('nameserver 9.9.9.9\n'),
  );

  test('/etc/resolv.conf has the pod’s own DNS settings', () => {
    const dnsConfig = { nameservers: ['1.1.1.1'], searches: ['my.org'], options: [{ name: 'ndots', value: '2' }] };
    expect(resolvConf(podWith({ dnsPolicy: 'None', dnsConfig }), dns)).toBe(
      'search my.org\nnameserver 1.1.1.1\noptions ndots:2\n',
    );
  });

  test('a long pod name is cut to 63 characters for the host name', () => {
    expect(podHostname(podWith({}, { metadata: { name: `${'a'.repeat(62)}-b` } }))).toBe('a'.repeat(62));
  });
});
