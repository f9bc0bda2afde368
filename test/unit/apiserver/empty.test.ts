// Empty values of fields, which Go leaves out, and updates that only spell such fields out.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deployments, pods, services } from '../../../src/api/resources.ts';
import { withoutEmpty } from '../../../src/node/apiserver/schema/empty.ts';
import { type Admission, openAdmission, problemsOf } from '../../support/admission.ts';

describe('an object without empty values', () => {
  test('lacks empty texts, lists and maps, zeros and false', () => {
    const spec = {
      hostname: '',
      hostNetwork: false,
      nodeSelector: {},
      tolerations: [],
      containers: [
        { name: 'c', env: [{ name: 'A', value: '' }], ports: [{ containerPort: 80, hostPort: 0 }], args: [] },
      ],
    };
    expect(withoutEmpty('core.v1.Pod', { metadata: { labels: {}, annotations: { a: '' } }, spec })).toEqual({
      metadata: { annotations: { a: '' } },
      spec: { containers: [{ name: 'c', env: [{ name: 'A' }], ports: [{ containerPort: 80 }] }] },
    });
  });

  test('keeps fields that must be set, structs, items, and values that differ from a missing one', () => {
    const pod = {
      metadata: { name: '', managedFields: [] },
      spec: {
        terminationGracePeriodSeconds: 0,
        enableServiceLinks: false,
        securityContext: {},
        volumes: [{ name: 'v', emptyDir: {} }],
        containers: [{ name: '', command: [''], livenessProbe: { grpc: { port: 0, service: '' } } }],
      },
    };
    const { name: _, ...metadata } = pod.metadata;
    expect(withoutEmpty('core.v1.Pod', pod)).toEqual({ ...pod, metadata });
    const set = { spec: { updateStrategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } } };
    expect(withoutEmpty('apps.v1.DaemonSet', set)).toEqual(set);
    expect(withoutEmpty('core.v1.Secret', { data: { empty: '' } })).toEqual({ data: { empty: '' } });
  });
});

describe('an update', () => {
  let api: Admission;
  beforeAll(() => {
    api = openAdmission();
  });
  afterAll(() => api[Symbol.dispose]());

  test('that spells out empty fields changes nothing', () => {
    const pod = api.create(pods, { spec: { containers: [{ name: 'c', image: 'web' }] } });
    const next = api.update(pods, pod, ({ spec }) => {
      const [container] = spec.containers;
      Object.assign(spec, { hostname: '', subdomain: '', nodeSelector: {}, hostNetwork: false, priorityClassName: '' });
      Object.assign(container as object, { env: [], workingDir: '', args: [] });
    });
    expect(next.metadata.resourceVersion).toBe(pod.metadata.resourceVersion);
  });

  test('of a template that spells out empty fields makes no new generation', () => {
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'web', env: [] }] } };
    const made = api.create(deployments, { spec: { selector: { matchLabels: { a: 'b' } }, template } });
    expect(made.spec.template.spec.containers[0]).not.toHaveProperty('env');
    const next = api.update(deployments, made, ({ spec }) => {
      Object.assign(spec.template.spec.containers[0] as object, { ports: [], command: [] });
    });
    expect(next.metadata.generation).toBe(1);
  });

  test.each([
    ['with', {}],
    ['without', { clusterIP: undefined, clusterIPs: undefined }],
    ['with an empty', { clusterIP: '', clusterIPs: undefined }],
  ])('turns a service into a name elsewhere %s address', (_, change) => {
    const service = api.create(services, { spec: { ports: [{ port: 80 }] } });
    const { spec } = api.update(services, service, (next) => {
      Object.assign(next.spec, { type: 'ExternalName', externalName: 'example.com', ...change });
      if (next.spec.clusterIP === undefined) delete next.spec.clusterIP;
      if (next.spec.clusterIPs === undefined) delete next.spec.clusterIPs;
    });
    for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'])
      expect(spec).not.toHaveProperty(field);
  });

  test.each([undefined, ''])(
    'that leaves the first of a service’s two address fields %j keeps the address',
    (clusterIP) => {
      const service = api.create(services, { spec: { ports: [{ port: 80 }] } });
      const { spec } = api.update(services, service, (next) => {
        if (clusterIP === undefined) delete next.spec.clusterIP;
        else next.spec.clusterIP = clusterIP;
      });
      expect(spec.clusterIP).toBe(service.spec.clusterIP);
    },
  );

  test('or a create cannot set only the second of the two address fields', () => {
    const spec = { ports: [{ port: 80 }], clusterIPs: ['10.96.7.7'] };
    expect(problemsOf(() => api.create(services, { spec }))).toEqual([
      'spec.clusterIPs: Invalid value: []string{"10.96.7.7"}: must be empty when `clusterIP` is not specified',
    ]);
  });

  test('cannot give a name elsewhere an address', () => {
    const service = api.create(services, { spec: { ports: [{ port: 80 }] } });
    const wrong = {
      type: 'ExternalName',
      externalName: 'example.com',
      clusterIP: '10.96.9.9',
      clusterIPs: ['10.96.9.9'],
    };
    expect(problemsOf(() => api.update(services, service, ({ spec }) => Object.assign(spec, wrong)))).not.toEqual([]);
  });
});
