// Pod Security admission: levels of a namespace, what pods violate, and in which words.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Namespace } from '../../../src/api/core.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { daemonSets, deployments, namespaces, pods, replicaSets } from '../../../src/api/resources.ts';
import { createInStore, updateInStore } from '../../../src/node/apiserver/admission/write.ts';
import { type Admission, openAdmission, problemsOf, refusal } from '../../support/admission.ts';

let api: Admission;
beforeAll(() => {
  api = openAdmission();
});
afterAll(() => api[Symbol.dispose]());

const prefix = 'pod-security.kubernetes.io';
let count = 0;
const namespace = (labels: Record<string, string>): string => {
  const name = `ns${count++}`;
  const named = Object.fromEntries(Object.entries(labels).map(([key, value]) => [`${prefix}/${key}`, value]));
  createInStore(api.context, namespaces, { metadata: { name, labels: named } });
  return name;
};

const run = (where: string, spec: object, warnings: string[] = []): void => {
  const metadata = { name: 'p', namespace: where };
  const full = { containers: [{ name: 'c', image: 'toolbox' }], ...spec };
  const object = { metadata, spec: full };
  createInStore(api.context, pods, object, { dryRun: true, warn: (text) => warnings.push(text) });
};
const container = (securityContext: object, more: object = {}): object => ({
  containers: [{ name: 'c', image: 'toolbox', securityContext, ...more }],
});

const safe = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};
const volumes = [{ name: 'host', hostPath: { path: '/' } }];

describe('the level baseline', () => {
  test.each<[spec: object, violation: string]>([
    [container({ privileged: true }), 'privileged (container "c" must not set securityContext.privileged=true)'],
    [{ hostNetwork: true }, 'host namespaces (hostNetwork=true)'],
    [
      container({ capabilities: { add: ['NET_ADMIN', 'CHOWN', 'BPF'] } }),
      'non-default capabilities (container "c" must not include "BPF", "NET_ADMIN" in securityContext.capabilities.add)',
    ],
    [{ volumes }, 'hostPath volumes (volume "host")'],
    [
      container(
        {},
        {
          ports: [
            { containerPort: 80, hostPort: 80 },
            { containerPort: 81, hostPort: 81 },
          ],
        },
      ),
      'hostPort (container "c" uses hostPorts 80, 81)',
    ],
    [
      container({ seccompProfile: { type: 'Unconfined' } }),
      'seccompProfile (container "c" must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      {
        ...container({ seLinuxOptions: { type: 'spc_t' } }),
        securityContext: { seLinuxOptions: { user: 'root' } },
      },
      'seLinuxOptions (pod and container "c" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set)',
    ],
    [
      {
        securityContext: {
          sysctls: [
            { name: 'kernel.msgmax', value: '1' },
            { name: 'net.ipv4.tcp_syncookies', value: '1' },
          ],
        },
      },
      'forbidden sysctls (kernel.msgmax)',
    ],
    [
      {
        initContainers: [{ name: 'i', image: 'toolbox', securityContext: { privileged: true } }],
        ...container({ privileged: true }),
      },
      'privileged (containers "i", "c" must not set securityContext.privileged=true)',
    ],
  ])('refuses %o', (spec, violation) => {
    expect(refusal(403, () => run(namespace({ enforce: 'baseline' }), spec))).toBe(
      `pods "p" is forbidden: violates PodSecurity "baseline:latest": ${violation}`,
    );
  });

  test('allows an ordinary pod', () => {
    expect(refusal(403, () => run(namespace({ enforce: 'baseline' }), {}))).toBe('');
  });
});

describe('the level restricted', () => {
  test('refuses what an ordinary pod may do, and names all of it', () => {
    expect(refusal(403, () => run(namespace({ enforce: 'restricted' }), container({ privileged: true })))).toBe(
      'pods "p" is forbidden: violates PodSecurity "restricted:latest": ' +
        'privileged (container "c" must not set securityContext.privileged=true), ' +
        'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), ' +
        'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), ' +
        'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), ' +
        'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    );
  });

  test.each<[spec: object, violation: string]>([
    [{ ...container(safe), volumes }, 'restricted volume types (volume "host" uses restricted volume type "hostPath")'],
    [container({ ...safe, runAsUser: 0 }), 'runAsUser=0 (container "c" must not set runAsUser=0)'],
    [
      container({ ...safe, runAsNonRoot: false }),
      'runAsNonRoot != true (container "c" must not set securityContext.runAsNonRoot=false)',
    ],
    [
      container({ ...safe, capabilities: { drop: ['ALL'], add: ['CHOWN', 'NET_BIND_SERVICE'] } }),
      'unrestricted capabilities (container "c" must not include "CHOWN" in securityContext.capabilities.add)',
    ],
  ])('refuses %o', (spec, violation) => {
    expect(refusal(403, () => run(namespace({ enforce: 'restricted' }), spec))).toBe(
      `pods "p" is forbidden: violates PodSecurity "restricted:latest": ${violation}`,
    );
  });

  test('allows a safe pod, whose settings may stand in the pod', () => {
    const { runAsNonRoot, seccompProfile, ...own } = safe;
    const spec = { ...container(own), securityContext: { runAsNonRoot, seccompProfile } };
    expect(refusal(403, () => run(namespace({ enforce: 'restricted' }), spec))).toBe('');
    expect(refusal(403, () => run(namespace({ enforce: 'restricted' }), container(safe)))).toBe('');
  });

  test('asks for no more than the version of the namespace does', () => {
    const { capabilities: _capabilities, ...old } = safe;
    const where = namespace({ enforce: 'restricted', 'enforce-version': 'v1.21' });
    expect(refusal(403, () => run(where, container(old)))).toBe('');
    expect(refusal(403, () => run(where, {}))).toContain('violates PodSecurity "restricted:v1.21": ');
  });
});

describe('the level of audits', () => {
  const audited = (where: string, write: (context: Admission['context'], where: string) => void): object[] => {
    const lines: object[] = [];
    const logger = {
      ...api.context.logger,
      info: (_level: number, text: string, fields = {}) => lines.push({ text, ...fields }),
    };
    write({ ...api.context, logger }, where);
    return lines;
  };
  const line = {
    text: 'Pod Security audit',
    'audit-violations': 'would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
  };
  const spec = { hostNetwork: true, containers: [{ name: 'c', image: 'web' }] };

  test('writes a line to the log of the API server for a pod, which runs', () => {
    const where = namespace({ audit: 'baseline' });
    const lines = audited(where, (context) =>
      createInStore(context, pods, { metadata: { name: 'p', namespace: where }, spec } as KubeObject),
    );
    expect(lines).toEqual([{ ...line, kind: 'Pod', object: `${where}/p` }]);
    expect(
      audited(namespace({ audit: 'privileged' }), (context, quiet) =>
        createInStore(context, pods, { metadata: { name: 'p', namespace: quiet }, spec } as KubeObject),
      ),
    ).toEqual([]);
  });

  test.each([deployments, daemonSets, replicaSets])('writes a line for a workload: $kind', (resource) => {
    const where = namespace({ audit: 'baseline', enforce: 'privileged' });
    const labels = { a: 'b' };
    const object = {
      metadata: { name: 'w', namespace: where },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    };
    expect(audited(where, (context) => createInStore(context, resource, object))).toEqual([
      { ...line, kind: resource.kind, object: `${where}/w` },
    ]);
  });

  test('is explained when a namespace gets it', () => {
    const current = api.context.store.get(namespaces, { name: namespace({}) }) as Namespace;
    const next = structuredClone(current);
    next.metadata.labels = { ...next.metadata.labels, [`${prefix}/audit`]: 'restricted' };
    const warnings: string[] = [];
    updateInStore(api.context, namespaces, next, { warn: (text) => warnings.push(text) });
    expect(warnings).toEqual([
      'labs has no audit log: the log of the API server names pods that violate the level "restricted:latest"',
    ]);
  });
});

describe('a warning', () => {
  test('comes for a pod that only the level of warnings forbids', () => {
    const warnings: string[] = [];
    run(namespace({ enforce: 'privileged', warn: 'baseline' }), { hostNetwork: true }, warnings);
    expect(warnings).toEqual(['would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)']);
  });

  test('comes for a workload, whose pods will be refused', () => {
    const warnings: string[] = [];
    const labels = { a: 'b' };
    const template = { metadata: { labels }, spec: { hostNetwork: true, containers: [{ name: 'c', image: 'web' }] } };
    const metadata = { name: 'd', namespace: namespace({ enforce: 'baseline' }) };
    const object = { metadata, spec: { selector: { matchLabels: labels }, template } };
    createInStore(api.context, deployments, object, { warn: (text) => warnings.push(text) });
    expect(warnings).toEqual(['would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)']);
  });

  test('names the pods that a stricter level would refuse', () => {
    const name = namespace({});
    for (const pod of ['b', 'a', 'c'])
      createInStore(api.context, pods, {
        metadata: { name: pod, namespace: name },
        spec: { hostNetwork: pod !== 'c', containers: [{ name: 'c', image: 'web' }] },
      } as never);
    const current = api.context.store.get(namespaces, { name }) as Namespace;
    const next = structuredClone(current);
    next.metadata.labels = { ...next.metadata.labels, [`${prefix}/enforce`]: 'baseline' };
    const warnings: string[] = [];
    updateInStore(api.context, namespaces, next, { warn: (text) => warnings.push(text) });
    expect(warnings).toEqual([
      `existing pods in namespace "${name}" violate the new PodSecurity enforce level "baseline:latest"`,
      'a (and 1 other pod): host namespaces',
    ]);
  });
});

test('the labels of a namespace must name levels and versions', () => {
  expect(problemsOf(() => namespace({ enforce: 'strict', 'warn-version': '1.32' }))).toEqual([
    `metadata.labels[${prefix}/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted`,
    `metadata.labels[${prefix}/warn-version]: Invalid value: "1.32": must be "latest" or "v1.x"`,
  ]);
});
