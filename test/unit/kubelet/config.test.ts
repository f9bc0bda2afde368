import { describe, expect, test } from 'vitest';
import { parseKubeletConfig, parseLabels, parseTaint, runningConfig } from '../../../src/node/kubelet/config.ts';

const head = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';
const parse = (text: string) => parseKubeletConfig('/etc/kubernetes/kubelet-config.yaml', text);

describe('the configuration file', () => {
  test('is optional: the defaults are the original kubelet’s', () => {
    expect(parse('')).toMatchObject({
      port: 10_250,
      healthzPort: 10_248,
      clusterDomain: 'cluster.local',
      maxPods: 110,
    });
  });

  test('sets addresses, files and sizes', () => {
    const text = `${head}clusterDNS: [10.96.0.10]\nauthentication: {x509: {clientCAFile: /ca.crt}}\ncontainerLogMaxSize: 5Mi\n`;
    expect(parse(text)).toMatchObject({
      clusterDns: ['10.96.0.10'],
      clientCaFile: '/ca.crt',
      containerLogMaxBytes: 5 * 2 ** 20,
    });
  });

  test('is shown by a running kubelet as it could be in a file', () => {
    const config = parse(`${head}clusterDNS: [10.96.0.10]\nauthentication: {x509: {clientCAFile: /ca.crt}}\n`);
    expect(runningConfig(config)).toMatchObject({ clusterDNS: ['10.96.0.10'], clusterDomain: 'cluster.local' });
    expect(parse(JSON.stringify(runningConfig(config)))).toEqual(config);
  });

  test('may set fields that have no effect here', () => {
    expect(() => parse(`${head}cgroupDriver: systemd\nfailSwapOn: false\n`)).not.toThrow();
  });

  test.each([
    { text: `${head}clusterDns: [10.96.0.10]\n`, says: 'strict decoding error: unknown field "clusterDns"' },
    { text: `${head}port: high\n`, says: 'port must be a whole number, not "high"' },
    { text: `${head}clusterDNS: 10.96.0.10\n`, says: 'clusterDNS must be a list of strings, not "10.96.0.10"' },
    { text: 'kind: Pod\n', says: 'kind must be KubeletConfiguration, not "Pod"' },
    {
      text: `${head}address: [\n`,
      says: 'failed to load kubelet config file, path: /etc/kubernetes/kubelet-config.yaml',
    },
  ])('is refused with the message: $says', ({ text, says }) => expect(() => parse(text)).toThrow(says));
});

describe('flags', () => {
  test.each([
    { text: 'a=b:NoSchedule', want: { key: 'a', value: 'b', effect: 'NoSchedule' } },
    {
      text: 'node-role.kubernetes.io/control-plane=:NoSchedule',
      want: { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
    },
    { text: 'a:NoExecute', want: { key: 'a', effect: 'NoExecute' } },
  ])('parse the taint $text', ({ text, want }) => expect(parseTaint(text)).toEqual(want));

  test('refuse a taint without an effect', () => expect(() => parseTaint('a=b')).toThrow('invalid taint "a=b"'));
  test('parse labels', () => expect(parseLabels(['a=b', 'c='])).toEqual({ a: 'b', c: '' }));
  test('refuse a label without a value', () => expect(() => parseLabels(['a'])).toThrow('must be key=value'));
});
