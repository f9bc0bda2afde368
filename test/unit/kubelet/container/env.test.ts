import { describe, expect, test } from 'vitest';
import type { Service } from '../../../../src/api/core.ts';
import type { Container } from '../../../../src/api/core-pods.ts';
import { containerEnv, expand } from '../../../../src/node/kubelet/container/env.ts';
import { referencesOf, type Sources } from '../../../../src/node/kubelet/container/sources.ts';
import { container, podWith } from '../builders.ts';

const sources: Sources = {
  token: () => '',
  configMap: (name) => (name === 'cm' ? { metadata: { name }, data: { color: 'blue', size: 'xl' } } : undefined),
  secret: (name) =>
    name === 'sec' ? { metadata: { name }, data: { password: Buffer.from('s3cret').toString('base64') } } : undefined,
};

const service = (name: string, namespace: string, clusterIP: string): Service => ({
  metadata: { name, namespace },
  spec: { clusterIP, ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
});
const services = [
  service('kubernetes', 'default', '10.96.0.1'),
  service('db-service', 'shop', '10.103.132.104'),
  service('other', 'elsewhere', '10.96.0.9'),
  service('headless', 'shop', 'None'),
];

const allocatable = { cpu: '2', memory: '2Gi', 'ephemeral-storage': '10Gi' };

const envOf = (over: Partial<Container>, spec = {}): Record<string, string> => {
  const pod = podWith(spec, { metadata: { namespace: 'shop', labels: { app: 'web' } } });
  const context = { pod, podIp: '10.244.1.2', hostIp: '192.168.56.11', sources, services, allocatable };
  return Object.fromEntries(containerEnv(container(over), context));
};

describe('$(VAR) references', () => {
  const lookup = (name: string): string | undefined => ({ A: '1', B: '2' })[name];
  test.each([
    { text: '$(A)-$(B)', want: '1-2' },
    { text: '$(UNKNOWN)', want: '$(UNKNOWN)' },
    { text: '$$(A)', want: '$(A)' },
    { text: '$A and $', want: '$A and $' },
  ])('$text becomes $want', ({ text, want }) => expect(expand(text, lookup)).toBe(want));
});

describe('a container’s environment', () => {
  test('replaces references to earlier variables by their values', () => {
    const env = [
      { name: 'WHO', value: 'world' },
      { name: 'GREETING', value: 'hello $(WHO)' },
    ];
    expect(envOf({ env }).GREETING).toBe('hello world');
  });

  test('takes single keys and whole maps from ConfigMaps and Secrets', () => {
    const got = envOf({
      envFrom: [{ prefix: 'X_', configMapRef: { name: 'cm' } }],
      env: [
        { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'cm', key: 'color' } } },
        { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'sec', key: 'password' } } },
      ],
    });
    expect(got).toMatchObject({ X_color: 'blue', X_size: 'xl', COLOR: 'blue', PASSWORD: 's3cret' });
  });

  test('has the pod’s own fields', () => {
    const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
    const got = envOf({
      env: [
        field('IP', 'status.podIP'),
        field('HOST', 'status.hostIP'),
        field('NODE', 'spec.nodeName'),
        field('APP', "metadata.labels['app']"),
      ],
    });
    expect(got).toMatchObject({ IP: '10.244.1.2', HOST: '192.168.56.11', NODE: 'node01', APP: 'web' });
  });

  test('has the addresses of the API server and of the services in the pod’s namespace', () => {
    const got = envOf({});
    expect(got).toMatchObject({
      KUBERNETES_SERVICE_HOST: '10.96.0.1',
      DB_SERVICE_SERVICE_HOST: '10.103.132.104',
      DB_SERVICE_SERVICE_PORT_HTTP: '80',
      DB_SERVICE_PORT_80_TCP_ADDR: '10.103.132.104',
      DB_SERVICE_PORT: 'tcp://10.103.132.104:80',
    });
    expect(Object.keys(got).filter((name) => /OTHER|HEADLESS/.test(name))).toEqual([]);
  });

  test('has the address of the API server only, if service links are disabled', () => {
    const got = envOf({}, { enableServiceLinks: false });
    expect(got.KUBERNETES_SERVICE_HOST).toBe('10.96.0.1');
    expect(got.DB_SERVICE_SERVICE_HOST).toBeUndefined();
  });

  test.each([
    { resource: 'limits.memory', want: '20971520' },
    { resource: 'limits.memory', divisor: '1Mi', want: '20' },
    { resource: 'limits.memory', divisor: '3Mi', want: '7' },
    { resource: 'requests.cpu', want: '1' },
    { resource: 'requests.cpu', divisor: '1m', want: '250' },
    { resource: 'limits.cpu', want: '2' },
    { resource: 'limits.ephemeral-storage', divisor: '1Gi', want: '10' },
    { resource: 'requests.memory', want: '0' },
    { resource: 'limits.memory', containerName: 'side', divisor: '1Gi', want: '2' },
  ])('has $resource of $containerName in units of $divisor: $want', ({ want, ...resourceFieldRef }) => {
    const resources = { limits: { memory: '20Mi' }, requests: { cpu: '250m' } };
    const own = container({ resources, env: [{ name: 'A', valueFrom: { resourceFieldRef } }] });
    const got = envOf(own, { containers: [own, container({ name: 'side' })] });
    expect(got.A).toBe(want);
  });

  test('lets the pod’s own variables win over service links', () => {
    expect(envOf({ env: [{ name: 'KUBERNETES_SERVICE_HOST', value: 'mine' }] }).KUBERNETES_SERVICE_HOST).toBe('mine');
  });

  test.each([
    {
      what: 'a missing ConfigMap',
      env: { configMapKeyRef: { name: 'nope', key: 'a' } },
      says: 'configmap "nope" not found',
    },
    {
      what: 'a missing key',
      env: { configMapKeyRef: { name: 'cm', key: 'a' } },
      says: "couldn't find key a in ConfigMap shop/cm",
    },
    { what: 'a missing Secret', env: { secretKeyRef: { name: 'nope', key: 'a' } }, says: 'secret "nope" not found' },
  ])('refuses $what with the original kubelet’s message', ({ env, says }) => {
    expect(() => envOf({ env: [{ name: 'A', valueFrom: env }] })).toThrow(says);
  });

  test.each([
    { resource: 'limits.cpu', containerName: 'none', says: 'container none not found' },
    { resource: 'limits.love', says: 'Unsupported container resource : limits.love' },
  ])('refuses the resource $resource of $containerName: $says', ({ says, ...resourceFieldRef }) => {
    expect(() => envOf({ env: [{ name: 'A', valueFrom: { resourceFieldRef } }] })).toThrow(says);
  });

  test('leaves out a missing optional value', () => {
    const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'nope', key: 'a', optional: true } } }];
    expect('A' in envOf({ env })).toBe(false);
  });
});

test('finds a pod’s references in environment, volumes and projected volumes', () => {
  const pod = podWith({
    containers: [container({ envFrom: [{ configMapRef: { name: 'a' } }] })],
    volumes: [
      { name: 'v', secret: { secretName: 'b' } },
      { name: 'p', projected: { sources: [{ configMap: { name: 'kube-root-ca.crt' } }] } },
    ],
  });
  const { configMaps, secrets } = referencesOf(pod);
  expect([...configMaps]).toEqual(['a', 'kube-root-ca.crt']);
  expect([...secrets]).toEqual(['b']);
});
