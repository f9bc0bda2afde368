// The values that the API server sets where an object leaves them out, as Kubernetes does.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Pod, PodSpec } from '../../../src/api/core-pods.ts';
import {
  daemonSets,
  deployments,
  pods,
  type Resource,
  replicaSets,
  secrets,
  serviceAccounts,
  services,
} from '../../../src/api/resources.ts';
import { decodeObject } from '../../../src/node/apiserver/schema/decode.ts';
import { type Admission, openAdmission, problemsOf } from '../../support/admission.ts';

let api: Admission;
beforeAll(() => {
  api = openAdmission();
  api.create(serviceAccounts, { metadata: { name: 'robot' } });
});
afterAll(() => api[Symbol.dispose]());

const decoded = (spec: object): object => decodeObject('core.v1.Pod', { spec } as Record<string, unknown>).object;
const created = (parts: object): Pod =>
  api.create(pods, decoded({ containers: [{ name: 'c', image: 'web' }], ...parts }));
const container = (parts: object) =>
  created({ containers: [{ name: 'c', image: 'web', ...parts }] }).spec.containers[0];

describe('a new pod', () => {
  test('has a service in each gRPC probe, without which kubectl describe fails', () => {
    const grpc = { grpc: { port: 1 } };
    const { livenessProbe, startupProbe } = container({ livenessProbe: grpc, startupProbe: grpc }) ?? {};
    expect([livenessProbe?.grpc, startupProbe?.grpc]).toEqual([
      { port: 1, service: '' },
      { port: 1, service: '' },
    ]);
  });

  test('has a path and a scheme in the requests of hooks, as in those of probes', () => {
    const httpGet = { port: 80 };
    const { lifecycle, readinessProbe } =
      container({ lifecycle: { postStart: { httpGet }, preStop: { httpGet } }, readinessProbe: { httpGet } }) ?? {};
    const whole = { port: 80, path: '/', scheme: 'HTTP' };
    expect([lifecycle?.postStart?.httpGet, lifecycle?.preStop?.httpGet, readinessProbe?.httpGet]).toEqual([
      whole,
      whole,
      whole,
    ]);
  });

  test('has modes, versions, divisors and the lifetime of tokens in its volumes', () => {
    const files = [
      { path: 'a', fieldRef: { fieldPath: 'metadata.labels' } },
      { path: 'b', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu' } },
    ];
    const sources = [{ serviceAccountToken: { path: 't' } }, { downwardAPI: { items: files } }];
    const { volumes = [] } = created({
      volumes: [
        { name: 'down', downwardAPI: { items: files } },
        { name: 'all', projected: { sources } },
        { name: 'none' },
      ],
    }).spec;
    const wholeFiles = [
      { path: 'a', fieldRef: { fieldPath: 'metadata.labels', apiVersion: 'v1' } },
      { path: 'b', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu', divisor: '0' } },
    ];
    expect(volumes.slice(0, 3)).toEqual([
      { name: 'down', downwardAPI: { items: wholeFiles, defaultMode: 0o644 } },
      {
        name: 'all',
        projected: {
          sources: [
            { serviceAccountToken: { path: 't', expirationSeconds: 3600 } },
            { downwardAPI: { items: wholeFiles } },
          ],
          defaultMode: 0o644,
        },
      },
      { name: 'none', emptyDir: {} },
    ]);
  });

  test('treats an empty text like a field that is not set', () => {
    const { spec } = created({
      restartPolicy: '',
      dnsPolicy: '',
      schedulerName: '',
      serviceAccountName: '',
      containers: [
        {
          name: 'c',
          image: 'web:1',
          imagePullPolicy: '',
          terminationMessagePath: '',
          terminationMessagePolicy: '',
          ports: [{ containerPort: 80, protocol: '' }],
          readinessProbe: { httpGet: { port: 80, path: '', scheme: '' } },
        },
      ],
    });
    expect(spec).toMatchObject({
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
      serviceAccountName: 'default',
      containers: [
        {
          imagePullPolicy: 'IfNotPresent',
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          ports: [{ protocol: 'TCP' }],
          readinessProbe: { httpGet: { path: '/', scheme: 'HTTP' } },
        },
      ],
    });
  });

  test('runs as the account that the former field serviceAccount names', () => {
    expect(created({ serviceAccount: 'robot' }).spec).toMatchObject({ serviceAccountName: 'robot' });
    expect(created({ serviceAccount: 'default', serviceAccountName: 'robot' }).spec).toMatchObject({
      serviceAccount: 'robot',
      serviceAccountName: 'robot',
    });
  });

  test.each<[resources: object[], qosClass: string]>([
    [[{}], 'BestEffort'],
    [[{ limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: 0.5, memory: '1024Mi' } }], 'Guaranteed'],
    [[{ limits: { cpu: '1', memory: '1Gi' } }, {}], 'Burstable'],
    [[{ limits: { cpu: '1' } }], 'Burstable'],
    [[{ limits: { 'ephemeral-storage': '1Gi' } }], 'BestEffort'],
    [[{ requests: { cpu: 0 } }], 'BestEffort'],
    [[{ requests: { cpu: '1u' } }], 'Burstable'],
  ])('with the resources %j has the QoS class %s', (resources, qosClass) => {
    const containers = resources.map((each, index) => ({ name: `c${index}`, image: 'web', resources: each }));
    expect(created({ containers }).status?.qosClass).toBe(qosClass);
  });

  test('has amounts of resources in canonical form', () => {
    const amounts = { cpu: 0.5, memory: '1024Mi', 'ephemeral-storage': '0.1Gi' };
    const wanted = { cpu: '500m', memory: '1Gi', 'ephemeral-storage': '107374182400m' };
    expect(container({ resources: { limits: amounts } })?.resources).toEqual({ limits: wanted, requests: wanted });
  });
});

describe('a pod template', () => {
  test('leaves requests and host ports to its pods', () => {
    const template: { metadata: object; spec: Partial<PodSpec> } = {
      metadata: { labels: { a: 'b' } },
      spec: {
        hostNetwork: true,
        containers: [{ name: 'c', image: 'web', ports: [{ containerPort: 80 }], resources: { limits: { cpu: '1' } } }],
      },
    };
    const spec = { selector: { matchLabels: { a: 'b' } }, template };
    const made = api.create(deployments, { spec }).spec.template.spec;
    expect(made.containers[0]).toMatchObject({ ports: [{ containerPort: 80, protocol: 'TCP' }] });
    expect(made.containers[0]?.ports?.[0]).not.toHaveProperty('hostPort');
    expect(made.containers[0]?.resources).toEqual({ limits: { cpu: '1' } });
    expect(api.create(pods, { spec: made }).spec.containers[0]).toMatchObject({
      ports: [{ containerPort: 80, hostPort: 80 }],
      resources: { requests: { cpu: '1' } },
    });
  });

  test.each<Resource>([deployments, replicaSets, daemonSets])(
    'of a new $kind must have a selector and containers',
    (resource) => {
      expect(problemsOf(() => api.create(resource, {}))).toEqual([
        'spec.selector: Required value',
        'spec.template.metadata.labels: Invalid value: map[string]string(nil): ' +
          '`selector` does not match template `labels`',
        'spec.template.spec.containers: Required value',
      ]);
    },
  );
});

describe('other objects', () => {
  test('treat an empty text like a field that is not set', () => {
    const ports = [{ port: 80, protocol: '' }];
    expect(api.create(services, { spec: { type: '', sessionAffinity: '', ports } }).spec).toMatchObject({
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ports: [{ protocol: 'TCP' }],
    });
    expect(api.create(secrets, { type: '' })).toMatchObject({ type: 'Opaque' });
  });
});
