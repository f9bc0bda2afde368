import { describe, expect, test } from 'vitest';
import { parseKubeletConfig, parseLabels, parseTaint } from '../../../src/node/kubelet/config.ts';
import { newNode, nodeStatus } from '../../../src/node/kubelet/node/status.ts';
import { isDeaf } from '../../../src/node/kubelet/node/shutdown.ts';
import { missingImage, startFailure } from '../../../src/node/kubelet/pod/start-errors.ts';
import { container, now } from './builders.ts';

const head = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';
const parse = (text: string) => parseKubeletConfig('/etc/kubernetes/kubelet-config.yaml', text);

describe('the configuration file', () => {
  test('may be left out: the original’s defaults hold', () => {
    expect(parse('')).toMatchObject({
      port: 10_250,
      healthzPort: 10_248,
      clusterDomain: 'cluster.local',
      maxPods: 110,
    });
  });

  test('is read', () => {
    const text = `${head}clusterDNS: [10.96.0.10]\nauthentication: {x509: {clientCAFile: /ca.crt}}\ncontainerLogMaxSize: 5Mi\n`;
    expect(parse(text)).toMatchObject({
      clusterDns: ['10.96.0.10'],
      clientCaFile: '/ca.crt',
      containerLogMaxBytes: 5 * 2 ** 20,
    });
  });

  test('may set fields that have no meaning here', () => {
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
  ])('is refused with words: $says', ({ text, says }) => expect(() => parse(text)).toThrow(says));
});

describe('flags', () => {
  test.each([
    { text: 'a=b:NoSchedule', want: { key: 'a', value: 'b', effect: 'NoSchedule' } },
    {
      text: 'node-role.kubernetes.io/control-plane=:NoSchedule',
      want: { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
    },
    { text: 'a:NoExecute', want: { key: 'a', effect: 'NoExecute' } },
  ])('taint $text', ({ text, want }) => expect(parseTaint(text)).toEqual(want));

  test('a taint without an effect is refused', () => expect(() => parseTaint('a=b')).toThrow('invalid taint "a=b"'));
  test('labels', () => expect(parseLabels(['a=b', 'c='])).toEqual({ a: 'b', c: '' }));
  test('a label without a value is refused', () => expect(() => parseLabels(['a'])).toThrow('must be key=value'));
});

describe('the node', () => {
  const machine = {
    name: 'node01',
    ip: '192.168.56.11',
    cpus: 2,
    memoryBytes: 2 ** 31,
    diskBytes: 2 ** 33,
    maxPods: 110,
    port: 10_250,
    machineId: 'm',
    bootId: 'b',
    kernelVersion: '6.18',
    osImage: 'Debian',
    architecture: 'amd64',
    runtimeVersion: '1.21',
  };
  const conditionOf = (networkReady: boolean) =>
    nodeStatus({ machine, images: [], networkReady, now }, undefined).conditions?.find(({ type }) => type === 'Ready');

  test('is registered with the standard labels, its own, and its taints', () => {
    const taint = { key: 'k', effect: 'NoSchedule' as const };
    const node = newNode(machine, { 'node-role.kubernetes.io/control-plane': '' }, [taint]);
    expect(node.metadata.labels).toMatchObject({
      'kubernetes.io/hostname': 'node01',
      'node-role.kubernetes.io/control-plane': '',
    });
    expect(node.spec?.taints).toEqual([taint]);
  });

  test('is Ready once there is a CNI configuration', () => {
    expect(conditionOf(false)).toMatchObject({ status: 'False', reason: 'KubeletNotReady' });
    expect(conditionOf(true)).toMatchObject({ status: 'True', reason: 'KubeletReady' });
  });

  test('keeps the time at which it became Ready', () => {
    const first = nodeStatus({ machine, images: [], networkReady: true, now }, undefined);
    const later = nodeStatus({ machine, images: [], networkReady: true, now: now + 60_000 }, first);
    const [before, after] = [first, later].map(({ conditions }) => conditions?.find(({ type }) => type === 'Ready'));
    expect(after?.lastTransitionTime).toBe(before?.lastTransitionTime);
    expect(after?.lastHeartbeatTime).not.toBe(before?.lastHeartbeatTime);
  });
});

describe('a container that can’t be started', () => {
  test('for want of an image says how to load it', () => {
    const { blocked, events } = missingImage(container({ image: 'nginx:1.27' }), undefined, now);
    expect(blocked.reason).toBe('ErrImagePull');
    expect(blocked.message).toContain('labs image load nginx:1.27');
    expect(events.map(({ reason }) => reason)).toEqual(['Pulling', 'Failed', 'Failed']);
    const again = missingImage(container({ image: 'nginx:1.27' }), blocked, now);
    expect(again.blocked.reason).toBe('ImagePullBackOff');
    expect(missingImage(container({ image: 'nginx:1.27' }), again.blocked, now).events).toEqual([]);
  });

  test('under the pull policy Never says so', () => {
    const { blocked } = missingImage(container({ imagePullPolicy: 'Never' }), undefined, now);
    expect(blocked.reason).toBe('ErrImageNeverPull');
  });

  test('since its program fails to start is tried again ever later', () => {
    const first = startFailure(new Error('no such file'), undefined, now);
    const second = startFailure(new Error('no such file'), first, now);
    expect([first.retryAt - now, second.retryAt - now]).toEqual([10_000, 20_000]);
  });
});

test.each([
  { name: 'sleep', caught: '0000000000000000', deaf: true },
  { name: 'nginx', caught: '0000000018016a07', deaf: false },
  { name: 'a shell with other traps', caught: '0000000000010002', deaf: true },
])('$name is deaf to SIGTERM: $deaf', ({ caught, deaf }) => {
  expect(isDeaf(`Name:\tx\nSigCgt:\t${caught}\n`)).toBe(deaf);
});

test('a process that is gone is not deaf', () => expect(isDeaf('')).toBe(false));
