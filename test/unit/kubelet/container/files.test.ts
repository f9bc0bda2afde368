import { describe, expect, test } from 'vitest';
import { hostsFile, kernelHostname, nodeHostsFile, podHostname } from '../../../../src/node/kubelet/container/files.ts';
import { resolvConf, resolvConfProblems } from '../../../../src/node/kubelet/container/resolv-conf.ts';
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

  test('a pod on the node’s network has the node’s hosts, and its own aliases', () => {
    const pod = podWith({ hostNetwork: true, hostAliases: [{ ip: '1.2.3.4', hostnames: ['a'] }] });
    const text = nodeHostsFile(pod, '127.0.0.1\tlocalhost\n');
    expect(text).toContain('127.0.0.1\tlocalhost\n');
    expect(text).toContain('1.2.3.4\ta\n');
  });

  test.each([
    { spec: {}, want: 'web' },
    { spec: { hostname: 'h', subdomain: 'sub' }, want: 'h' },
    { spec: { hostname: 'h', subdomain: 'sub', setHostnameAsFQDN: true }, want: 'h.sub.default.svc.cluster.local' },
    { spec: { setHostnameAsFQDN: true }, want: 'web' },
  ])('the host name of a pod with $spec is $want', ({ spec, want }) =>
    expect(kernelHostname(podWith(spec), 'cluster.local')).toBe(want),
  );

  test('a full host name may have 64 characters', () => {
    const spec = { hostname: 'h'.repeat(35), subdomain: 'sub', setHostnameAsFQDN: true };
    expect(() => kernelHostname(podWith(spec), 'cluster.local')).toThrow('is too long (64 characters is the max, 65');
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

  test('/etc/resolv.conf has three name servers at most, and says which are left out', () => {
    const pod = podWith({ dnsConfig: { nameservers: ['1.1.1.1', '2.2.2.2', '3.3.3.3'] } });
    expect(resolvConf(pod, dns).match(/^nameserver .*/gm)).toEqual([
      'nameserver 10.96.0.10',
      'nameserver 1.1.1.1',
      'nameserver 2.2.2.2',
    ]);
    expect(resolvConfProblems(pod, dns)).toEqual([
      'Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: 10.96.0.10 1.1.1.1 2.2.2.2',
    ]);
    const searches = Array.from({ length: 32 }, (_, index) => `s${index}`);
    expect(resolvConfProblems(podWith({ dnsConfig: { searches } }), dns)[0]).toContain('Search Line limits');
    expect(resolvConfProblems(podWith(), dns)).toEqual([]);
  });

  test('a long pod name is cut to 63 characters for the host name', () => {
    expect(podHostname(podWith({}, { metadata: { name: `${'a'.repeat(62)}-b` } }))).toBe('a'.repeat(62));
  });
});
