// What the API server refuses in workloads, ConfigMaps, Secrets and metadata, in Kubernetes' words.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configMaps, deployments, nodes, replicaSets, secrets, services } from '../../../src/api/resources.ts';
import { type Admission, openAdmission, problemsOf } from '../../support/admission.ts';

let api: Admission;
beforeAll(() => {
  api = openAdmission();
});
afterAll(() => api[Symbol.dispose]());

const template = (parts: object = {}, metadata: object = {}): object => ({
  metadata: { labels: { a: 'b' }, ...metadata },
  spec: { containers: [{ name: 'c', image: 'web' }], ...parts },
});
const workload = (parts: object): object => ({
  spec: { selector: { matchLabels: { a: 'b' } }, template: template(), ...parts },
});
const rolling = (rollingUpdate: object): object => workload({ strategy: { rollingUpdate } });
const at = 'spec.strategy.rollingUpdate';
const notPercent =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for " +
  "validation is '[0-9]+%')";

describe('a Deployment', () => {
  test.each<[what: string, object: object, ...problems: string[]]>([
    [
      'a word as surge, and more than all pods unavailable',
      rolling({ maxSurge: 'lots', maxUnavailable: '150%' }),
      `${at}.maxSurge: Invalid value: intstr.IntOrString{Type:1, IntVal:0, StrVal:"lots"}: ${notPercent}`,
      `${at}.maxUnavailable: Invalid value: intstr.IntOrString{Type:1, IntVal:0, StrVal:"150%"}: must not be greater than 100%`,
    ],
    [
      'a negative surge',
      rolling({ maxSurge: -1 }),
      `${at}.maxSurge: Invalid value: -1: must be greater than or equal to 0`,
    ],
    [
      'no pod more and no pod less',
      rolling({ maxSurge: '0%', maxUnavailable: 0 }),
      `${at}.maxUnavailable: Invalid value: intstr.IntOrString{Type:0, IntVal:0, StrVal:""}: may not be 0 when \`maxSurge\` is 0`,
    ],
    [
      'numbers of a rolling update in the strategy Recreate',
      workload({ strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }),
      `${at}: Forbidden: may not be specified when strategy \`type\` is 'Recreate'`,
    ],
    [
      'a deadline before its pods can be ready',
      workload({ minReadySeconds: 600 }),
      'spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds',
    ],
    [
      'a negative history',
      workload({ revisionHistoryLimit: -1 }),
      'spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'an unknown operator',
      workload({ selector: { matchExpressions: [{ key: 'a', operator: 'Is', values: ['b'] }] } }),
      'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
    ],
    [
      'pods that never restart',
      workload({ template: template({ restartPolicy: 'Never' }) }),
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    [
      'pods with a deadline',
      workload({ template: template({ activeDeadlineSeconds: 5 }) }),
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
    ],
    [
      'ephemeral containers',
      workload({ template: template({ ephemeralContainers: [{ name: 'e', image: 'toolbox' }] }) }),
      'spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template',
    ],
    [
      'a wrong annotation of its pods',
      workload({ template: template({}, { annotations: { '/x': 'x' } }) }),
      'spec.template.annotations: Invalid value: "/x": prefix part must be non-empty',
    ],
  ])('is refused with %s', (_what, object, ...problems) => {
    expect(problemsOf(() => api.create(deployments, object)).sort()).toEqual(problems.sort());
  });

  test('allows host ports of templates that the pods fill in', () => {
    const ports = [{ containerPort: 80 }];
    const object = workload({
      template: template({ hostNetwork: true, containers: [{ name: 'c', image: 'web', ports }] }),
    });
    expect(problemsOf(() => api.create(replicaSets, object))).toEqual([]);
  });
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('a Secret', () => {
  test.each<[type: string, data: Record<string, string>, ...problems: string[]]>([
    ['kubernetes.io/tls', { a: 'b' }, 'data[tls.crt]: Required value', 'data[tls.key]: Required value'],
    ['kubernetes.io/basic-auth', {}, 'data[username]: Required value', 'data[password]: Required value'],
    ['kubernetes.io/ssh-auth', {}, 'data[ssh-privatekey]: Required value'],
    ['kubernetes.io/dockerconfigjson', {}, 'data[.dockerconfigjson]: Required value'],
    [
      'kubernetes.io/service-account-token',
      {},
      'metadata.annotations[kubernetes.io/service-account.name]: Required value',
    ],
    ['Opaque', { '..': 'x' }, 'data[..]: Invalid value: "..": must not be \'..\''],
  ])('of type %s is refused without its keys', (type, data, ...problems) => {
    const encoded = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, base64(text)]));
    expect(problemsOf(() => api.create(secrets, { type, data: encoded }))).toEqual(problems);
  });

  test('with a broken Docker configuration is refused, and its content is not shown', () => {
    const data = { '.dockerconfigjson': base64('{secret') };
    expect(problemsOf(() => api.create(secrets, { type: 'kubernetes.io/dockerconfigjson', data }))).toEqual([
      expect.stringMatching(/^data\[\.dockerconfigjson\]: Invalid value: "<secret contents redacted>": /),
    ]);
  });

  test('may hold 1 MiB and no more', () => {
    const of = (size: number): object => ({ data: { a: Buffer.alloc(size).toString('base64') } });
    expect(problemsOf(() => api.create(secrets, of(1024 * 1024)))).toEqual([]);
    expect(problemsOf(() => api.create(secrets, of(1024 * 1024 + 1)))).toEqual([
      'data: Too long: may not be more than 1048576 bytes',
    ]);
  });

  test('keeps its type', () => {
    const secret = api.create(secrets, {});
    const problems = problemsOf(() =>
      api.update(secrets, secret, (next) => {
        next.type = 'other';
      }),
    );
    expect(problems).toEqual(['type: Invalid value: "other": field is immutable']);
  });
});

describe('a ConfigMap', () => {
  test('may hold 1 MiB of text and binary data together', () => {
    const of = (size: number): object => ({
      data: { a: 'é'.repeat(size / 4) },
      binaryData: { b: Buffer.alloc(size / 2).toString('base64') },
    });
    expect(problemsOf(() => api.create(configMaps, of(1024 * 1024)))).toEqual([]);
    expect(problemsOf(() => api.create(configMaps, of(1024 * 1024 + 4)))).toEqual([
      '[]: Too long: may not be more than 1048576 bytes',
    ]);
  });

  test('has each key once', () => {
    expect(problemsOf(() => api.create(configMaps, { data: { a: '' }, binaryData: { a: '' } }))).toEqual([
      'data[a]: Invalid value: "a": duplicate of key present in binaryData',
    ]);
  });

  test('has keys that every object of JavaScript has', () => {
    const data = JSON.parse('{ "constructor": "a", "toString": "b", "__proto__": "c" }');
    expect(problemsOf(() => api.create(configMaps, { data }))).toEqual([]);
    expect(problemsOf(() => api.create(configMaps, { data, binaryData: { b: 'YQ==' } }))).toEqual([]);
  });

  test('keeps text and binary data when it is immutable', () => {
    const fixed = api.create(configMaps, { immutable: true, data: { a: 'b' } });
    const problems = problemsOf(() =>
      api.update(configMaps, fixed, (next) => {
        next.binaryData = { c: '' };
      }),
    );
    expect(problems).toEqual(['binaryData: Forbidden: field is immutable when `immutable` is set']);
  });
});

test('annotations may hold 256 KiB and no more', () => {
  const of = (size: number): object => ({
    metadata: { annotations: { a: 'é'.repeat((size - 1) / 2) } },
    spec: { ports: [{ port: 80 }] },
  });
  expect(problemsOf(() => api.create(services, of(256 * 1024 - 1)))).toEqual([]);
  expect(problemsOf(() => api.create(services, of(256 * 1024 + 1)))).toEqual([
    'metadata.annotations: Too long: may not be more than 262144 bytes',
  ]);
});

test('source ranges of a load balancer must be networks', () => {
  const spec = { type: 'LoadBalancer', loadBalancerSourceRanges: ['rubbish'], ports: [{ port: 80 }] };
  expect(problemsOf(() => api.create(services, { spec }))).toEqual([
    expect.stringMatching(/^spec\.LoadBalancerSourceRanges\[0\]: Invalid value: "rubbish": must be a valid CIDR value/),
  ]);
});

describe('the metadata of an object', () => {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'a', uid: '1', controller: true };
  const create = (metadata: object): string[] => problemsOf(() => api.create(configMaps, { metadata }));

  test('names each owner fully, and one controller', () => {
    expect(create({ ownerReferences: [{ ...owner, uid: '', apiVersion: 'apps/' }] })).toEqual([
      'metadata.ownerReferences.apiVersion: Invalid value: "apps/": version must not be empty',
      'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
    ]);
    expect(create({ ownerReferences: [owner, { ...owner, name: 'b', uid: '2' }] })).toEqual([
      expect.stringContaining(
        'Only one reference can have Controller set to true. Found "true" in references for ReplicaSet/a and ReplicaSet/b',
      ),
    ]);
    expect(create({ ownerReferences: [owner, { ...owner, uid: '2', controller: false }] })).toEqual([]);
  });

  test('has finalizers with a domain', () => {
    expect(create({ finalizers: ['mine', 'a.b/c', 'orphan'] })).toEqual([
      'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
    ]);
  });
});

test('the taints of a node have effects and differ in key or effect', () => {
  const create = (...taints: object[]): string[] => problemsOf(() => api.create(nodes, { spec: { taints } }));
  const taint = { key: 'a', value: 'b', effect: 'NoSchedule' };
  expect(create(taint, { ...taint, effect: 'NoExecute' })).toEqual([]);
  expect(create({ key: 'a' }, { key: 'b', effect: 'Never' })).toEqual([
    'metadata.taints[0].effect: Required value',
    'metadata.taints[1].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
  ]);
  expect(create(taint, taint)).toEqual([
    'metadata.taints[1]: Duplicate value: core.Taint{Key:"a", Value:"b", Effect:"NoSchedule", TimeAdded:<nil>}: ' +
      'taints must be unique by key and effect pair',
  ]);
});
