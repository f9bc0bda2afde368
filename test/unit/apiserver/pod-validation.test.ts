// What the API server refuses in pods, in Kubernetes' words.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Pod } from '../../../src/api/core-pods.ts';
import { pods } from '../../../src/api/resources.ts';
import { type Admission, openAdmission, problemsOf, refusal } from '../../support/admission.ts';

let api: Admission;
beforeAll(() => {
  api = openAdmission();
});
afterAll(() => api[Symbol.dispose]());

const spec = (parts: object): object => ({ spec: { containers: [{ name: 'c', image: 'toolbox' }], ...parts } });
const container = (parts: object): object => spec({ containers: [{ name: 'c', image: 'toolbox', ...parts }] });
const init = (parts: object): object => spec({ initContainers: [{ name: 'i', image: 'toolbox', ...parts }] });
const volume = (parts: object): object => spec({ volumes: [{ name: 'v', ...parts }] });
const source = (valueFrom: object, parts: object = {}): object =>
  container({ env: [{ name: 'A', valueFrom, ...parts }] });
const create = (object: object): Pod => api.create(pods, object);

const must = 'requiredDuringSchedulingIgnoredDuringExecution';
const prefer = 'preferredDuringSchedulingIgnoredDuringExecution';
const nodeTerm = (...matchExpressions: object[]): object =>
  spec({ affinity: { nodeAffinity: { [must]: { nodeSelectorTerms: [{ matchExpressions }] } } } });
const nodePath = `spec.affinity.nodeAffinity.${must}.nodeSelectorTerms[0].matchExpressions[0]`;
const inRange = 'must be between 1 and 65535, inclusive';
const notNegative = 'must be greater than or equal to 0';
const c = 'spec.containers[0]';
const i = 'spec.initContainers[0]';

describe('a new pod', () => {
  test.each<[what: string, object: object, ...problems: string[]]>([
    ['no containers', spec({ containers: [] }), 'spec.containers: Required value'],
    ['no image', container({ image: '' }), `${c}.image: Required value`],
    [
      'two containers with one name',
      spec({ containers: [{ name: 'c', image: 'a' }], initContainers: [{ name: 'c', image: 'a' }] }),
      `${i}.name: Duplicate value: "c"`,
    ],
    [
      'ephemeral containers',
      spec({ ephemeralContainers: [{ name: 'e', image: 'toolbox' }] }),
      'spec.ephemeralContainers: Forbidden: cannot be set on create',
    ],
    [
      'a variable with two sources',
      source({ fieldRef: { fieldPath: 'metadata.name' }, secretKeyRef: { name: 'a', key: 'b' } }),
      `${c}.env[0].valueFrom: Invalid value: "": may not have more than one field specified at a time`,
    ],
    [
      'a variable with a value and a source',
      source({ fieldRef: { fieldPath: 'metadata.name' } }, { value: 'x' }),
      `${c}.env[0].valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`,
    ],
    [
      'a variable with an empty source',
      source({}),
      `${c}.env[0].valueFrom: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, ` +
        '`configMapKeyRef` or `secretKeyRef`',
    ],
    [
      'an unknown field of the downward API',
      source({ fieldRef: { fieldPath: 'spec.hostname' } }),
      `${c}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.hostname": error converting fieldPath: ` +
        'field label not supported: spec.hostname',
    ],
    [
      'a field that only volumes may use',
      source({ fieldRef: { fieldPath: 'metadata.labels' } }),
      `${c}.env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: ` +
        '"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", ' +
        '"status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
    ],
    [
      'an unknown resource',
      source({ resourceFieldRef: { resource: 'limits.disk' } }),
      `${c}.env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.disk": supported values: "limits.cpu", ` +
        '"limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"',
    ],
    [
      'an odd divisor',
      source({ resourceFieldRef: { resource: 'limits.cpu', divisor: '2' } }),
      `${c}.env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are ` +
        'supported with the cpu resource',
    ],
    [
      'a key reference without a key',
      source({ configMapKeyRef: { name: 'a' } }),
      `${c}.env[0].valueFrom.configMapKeyRef.key: Required value`,
    ],
    [
      'an equals sign in the name of a variable',
      container({ env: [{ name: 'A=B', value: '' }] }),
      `${c}.env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII ` +
        "characters other than '='",
    ],
    [
      'envFrom without a source',
      container({ envFrom: [{ prefix: 'A' }] }),
      `${c}.envFrom: Invalid value: "": must specify one of: \`configMapRef\` or \`secretRef\``,
    ],
    [
      'a probe of an ordinary init container',
      init({ readinessProbe: { tcpSocket: { port: 1 } } }),
      `${i}.readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always`,
    ],
    [
      'a hook of an ordinary init container',
      init({ lifecycle: { preStop: { exec: { command: ['a'] } } } }),
      `${i}.lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always`,
    ],
    [
      'a restart policy of an ordinary container',
      container({ restartPolicy: 'Always' }),
      `${c}.restartPolicy: Forbidden: may not be set for non-init containers`,
    ],
    [
      'an init container that never restarts',
      init({ restartPolicy: 'Never' }),
      `${i}.restartPolicy: Unsupported value: "Never": supported values: "Always"`,
    ],
    [
      'a probe without a handler',
      container({ livenessProbe: {} }),
      `${c}.livenessProbe: Required value: must specify a handler type`,
    ],
    [
      'a probe with two handlers',
      container({ livenessProbe: { tcpSocket: { port: 1 }, exec: { command: ['a'] } } }),
      `${c}.livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type`,
    ],
    [
      'a probe without a command',
      container({ livenessProbe: { exec: {} } }),
      `${c}.livenessProbe.exec.command: Required value`,
    ],
    [
      'a probe of port 0',
      container({ readinessProbe: { httpGet: {} } }),
      `${c}.readinessProbe.httpGet.port: Invalid value: 0: ${inRange}`,
    ],
    [
      'an unknown scheme',
      container({ readinessProbe: { httpGet: { port: 80, scheme: 'FTP' } } }),
      `${c}.readinessProbe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"`,
    ],
    [
      'a wrong header',
      container({ readinessProbe: { httpGet: { port: 80, httpHeaders: [{ name: 'a b', value: 'c' }] } } }),
      `${c}.readinessProbe.httpGet.httpHeaders: Invalid value: "a b": a valid HTTP header must consist of alphanumeric ` +
        "characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
    ],
    [
      'a liveness probe that needs two successes',
      container({ livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 2 } }),
      `${c}.livenessProbe.successThreshold: Invalid value: 2: must be 1`,
    ],
    [
      'a negative period',
      container({ readinessProbe: { tcpSocket: { port: 1 }, periodSeconds: -1 } }),
      `${c}.readinessProbe.periodSeconds: Invalid value: -1: ${notNegative}`,
    ],
    [
      'a grace period of a readiness probe',
      container({ readinessProbe: { tcpSocket: { port: 1 }, terminationGracePeriodSeconds: 5 } }),
      `${c}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes`,
    ],
    [
      'a hook without a handler',
      container({ lifecycle: { preStop: {} } }),
      `${c}.lifecycle.preStop: Required value: must specify a handler type`,
    ],
    [
      'a sleep beyond the grace period',
      container({ lifecycle: { preStop: { sleep: { seconds: 31 } } } }),
      `${c}.lifecycle.preStop.sleep: Invalid value: 31: must be greater than 0 and less than terminationGracePeriodSeconds ` +
        '(30). Enable AllowPodLifecycleSleepActionZeroValue feature gate for zero sleep.',
    ],
    [
      'a host port that differs under the host network',
      {
        spec: {
          hostNetwork: true,
          containers: [{ name: 'c', image: 'a', ports: [{ containerPort: 80, hostPort: 81 }] }],
        },
      },
      `${c}.ports[0].hostPort: Invalid value: 81: must match \`containerPort\` when \`hostNetwork\` is true`,
    ],
    [
      'one host port twice',
      container({
        ports: [
          { containerPort: 80, hostPort: 8080 },
          { containerPort: 81, hostPort: 8080 },
        ],
      }),
      `${c}.ports[1].hostPort: Duplicate value: "TCP//8080"`,
    ],
    [
      'an unknown message policy',
      container({ terminationMessagePolicy: 'Log' }),
      `${c}.terminationMessagePolicy: Unsupported value: "Log": supported values: "File", "FallbackToLogsOnError"`,
    ],
    [
      'a deadline of 0',
      spec({ activeDeadlineSeconds: 0 }),
      'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive',
    ],
    [
      'no topology key',
      spec({ affinity: { podAntiAffinity: { [must]: [{ labelSelector: { matchLabels: { a: 'b' } } }] } } }),
      `spec.affinity.podAntiAffinity.${must}[0].topologyKey: Required value: can not be empty`,
      `spec.affinity.podAntiAffinity.${must}[0].topologyKey: Invalid value: "": name part must be non-empty`,
      `spec.affinity.podAntiAffinity.${must}[0].topologyKey: Invalid value: "": name part must consist of alphanumeric ` +
        "characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  " +
        "or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
    [
      'an unknown operator',
      nodeTerm({ key: 'a', operator: 'Ist', values: ['x'] }),
      `${nodePath}.operator: Invalid value: "Ist": not a valid selector operator`,
    ],
    [
      'an operator without values',
      nodeTerm({ key: 'a', operator: 'In' }),
      `${nodePath}.values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
    ],
    [
      'a comparison with two values',
      nodeTerm({ key: 'a', operator: 'Gt', values: ['1', '2'] }),
      `${nodePath}.values: Required value: must be specified single value when \`operator\` is 'Lt' or 'Gt'`,
    ],
    [
      'no terms of a node selector',
      spec({ affinity: { nodeAffinity: { [must]: { nodeSelectorTerms: [] } } } }),
      `spec.affinity.nodeAffinity.${must}.nodeSelectorTerms: Required value: must have at least one node selector term`,
    ],
    [
      'a weight of 101',
      spec({ affinity: { nodeAffinity: { [prefer]: [{ weight: 101, preference: {} }] } } }),
      `spec.affinity.nodeAffinity.${prefer}[0].weight: Invalid value: 101: must be in the range 1-100`,
    ],
    [
      'a skew of 0',
      spec({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule' }] }),
      'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
    ],
    [
      'seconds of a toleration without NoExecute',
      spec({ tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 5 }] }),
      'spec.tolerations[0].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
    ],
    [
      'a value of a toleration with Exists',
      spec({ tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] }),
      'spec.tolerations[0].operator: Invalid value: "b": value must be empty when `operator` is \'Exists\'',
    ],
    [
      'no DNS settings for the policy None',
      spec({ dnsPolicy: 'None' }),
      'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None',
    ],
    [
      'a name as DNS server',
      spec({ dnsConfig: { nameservers: ['dns'] } }),
      'spec.dnsConfig.nameservers[0]: Invalid value: "dns": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
    [
      'a host alias without an address',
      spec({ hostAliases: [{ ip: 'x', hostnames: ['a'] }] }),
      'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
    [
      'a negative user',
      spec({ securityContext: { runAsUser: -1 } }),
      'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
    ],
    [
      'an unknown seccomp profile',
      container({ securityContext: { seccompProfile: { type: 'Default' } } }),
      `${c}.securityContext.seccompProfile.type: Unsupported value: "Default": supported values: "Localhost", ` +
        '"RuntimeDefault", "Unconfined"',
    ],
    [
      'an unknown resource of a container',
      container({ resources: { limits: { disk: '1' } } }),
      `${c}.resources.limits[disk]: Invalid value: "disk": must be a standard resource type or fully qualified`,
      `${c}.resources.limits[disk]: Invalid value: "disk": must be a standard resource for containers`,
      `${c}.resources.requests[disk]: Invalid value: "disk": must be a standard resource type or fully qualified`,
      `${c}.resources.requests[disk]: Invalid value: "disk": must be a standard resource for containers`,
    ],
    [
      'a request above its limit',
      container({ resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }),
      `${c}.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`,
    ],
    [
      'a negative limit',
      container({ resources: { limits: { memory: '-1' } } }),
      `${c}.resources.limits[memory]: Invalid value: "-1": ${notNegative}`,
      `${c}.resources.requests[memory]: Invalid value: "-1": ${notNegative}`,
    ],
    [
      'a mount of no volume',
      container({ volumeMounts: [{ name: 'v', mountPath: '/a' }] }),
      `${c}.volumeMounts[0].name: Not found: "v"`,
    ],
    [
      'a sub-path that leads out',
      {
        spec: {
          containers: [{ name: 'c', image: 'a', volumeMounts: [{ name: 'v', mountPath: '/a', subPath: '../b' }] }],
          volumes: [{ name: 'v' }],
        },
      },
      `${c}.volumeMounts.subPath: Invalid value: "../b": must not contain '..'`,
    ],
    [
      'an absolute sub-path',
      {
        spec: {
          containers: [{ name: 'c', image: 'a', volumeMounts: [{ name: 'v', mountPath: '/a', subPath: '/b' }] }],
          volumes: [{ name: 'v' }],
        },
      },
      `${c}.volumeMounts.subPath: Invalid value: "/b": must be a relative path`,
    ],
    ['a host path without a path', volume({ hostPath: {} }), 'spec.volumes[0].hostPath.path: Required value'],
    [
      'an unknown type of a host path',
      volume({ hostPath: { path: '/a', type: 'Folder' } }),
      'spec.volumes[0].hostPath.type: Unsupported value: "Folder": supported values: "", "BlockDevice", "CharDevice", ' +
        '"Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    ],
    [
      'two volume sources',
      volume({ emptyDir: {}, hostPath: { path: '/a' } }),
      'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
    ],
    [
      'a file that leads out of its volume',
      volume({ configMap: { name: 'a', items: [{ key: 'a', path: '../b' }] } }),
      'spec.volumes[0].configMap.items[0].path: Invalid value: "../b": must not contain \'..\'',
    ],
    [
      'a mode of 01000',
      volume({ secret: { secretName: 'a', defaultMode: 512 } }),
      'spec.volumes[0].secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
    ],
    [
      'a projected file without a source',
      volume({ projected: { sources: [{ downwardAPI: { items: [{ path: 'a' }] } }] } }),
      'spec.volumes[0].projected.sources[0].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required',
    ],
    [
      'one projected path twice',
      volume({
        projected: {
          sources: [
            { configMap: { name: 'a', items: [{ key: 'k', path: 'p' }] } },
            { secret: { name: 'b', items: [{ key: 'k', path: 'p' }] } },
          ],
        },
      }),
      'spec.volumes[0].projected: Invalid value: "b": conflicting duplicate paths',
    ],
    [
      'a node and a scheduling gate',
      spec({ nodeName: 'node01', schedulingGates: [{ name: 'a.b/c' }] }),
      'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
    ],
    [
      'one gate twice',
      spec({ schedulingGates: [{ name: 'a' }, { name: 'a' }] }),
      'spec.schedulingGates[1]: Duplicate value: "a"',
    ],
  ])('is refused with %s', (_what, object, ...problems) => {
    expect(problemsOf(() => create(object))).toEqual(problems);
  });

  test('may use all of this', () => {
    const probe = { httpGet: { port: 'http', path: '/', httpHeaders: [{ name: 'Host', value: 'a' }] } };
    const terms = [
      { labelSelector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] }, topologyKey: 'a.b/zone' },
    ];
    const object = {
      spec: {
        containers: [
          {
            ...{ name: 'c', image: 'toolbox', ports: [{ name: 'http', containerPort: 80 }], readinessProbe: probe },
            env: [{ name: 'a.b-c', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a']" } } }],
            resources: { requests: { cpu: '100m', 'a.b/c': '1' }, limits: { cpu: '1', 'a.b/c': '1' } },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
            volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'a/b' }],
          },
        ],
        volumes: [{ name: 'v', hostPath: { path: '/srv', type: 'Directory' } }],
        affinity: { podAntiAffinity: { [must]: terms } },
        tolerations: [{ operator: 'Exists' }],
        dnsPolicy: 'None',
        dnsConfig: { nameservers: ['10.96.0.10'], searches: ['a.b.'], options: [{ name: 'ndots', value: '2' }] },
        hostAliases: [{ ip: 'fd00::1', hostnames: ['a.b'] }],
      },
    };
    expect(problemsOf(() => create(object))).toEqual([]);
  });

  test('puts its own labels into the selectors of its affinity terms', () => {
    const affinityTerm = {
      labelSelector: { matchLabels: { app: 'web' } },
      topologyKey: 'zone',
      matchLabelKeys: ['revision', 'missing'],
      mismatchLabelKeys: ['tenant'],
    };
    const parts = spec({ affinity: { podAffinity: { [must]: [affinityTerm] } } });
    const made = create({ metadata: { name: 'keys', labels: { revision: '2', tenant: 'a' } }, ...parts });
    expect(made.spec.affinity?.podAffinity?.[must]?.[0]?.labelSelector?.matchExpressions).toEqual([
      { key: 'revision', operator: 'In', values: ['2'] },
      { key: 'tenant', operator: 'NotIn', values: ['a'] },
    ]);
  });

  test('may have an init container that keeps running, with probes and hooks', () => {
    const probe = { tcpSocket: { port: 80 } };
    const lifecycle = { preStop: { exec: { command: ['true'] } } };
    const sidecar = init({ restartPolicy: 'Always', livenessProbe: probe, readinessProbe: probe, lifecycle });
    expect(problemsOf(() => create(sidecar))).toEqual([]);
  });

  test.each([
    [{ priorityClassName: 'nobody-made-it' }, 'no PriorityClass with name nobody-made-it was found'],
    [{ runtimeClassName: 'nowhere' }, 'pod rejected: RuntimeClass "nowhere" not found'],
    [
      { priority: 5 },
      'the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 0 from the ' +
        'given PriorityClass name',
    ],
    [
      { preemptionPolicy: 'Never' },
      'the string value of PreemptionPolicy (Never) must not be provided in pod spec; priority admission controller computed ' +
        'PreemptLowerPriority from the given PriorityClass name',
    ],
  ])('is refused by admission with %o', (parts, problem) => {
    expect(refusal(403, () => create({ metadata: { name: 'p' }, ...spec(parts) }))).toBe(
      `pods "p" is forbidden: ${problem}`,
    );
  });

  test('has the priority of its class', () => {
    expect(create(spec({ priorityClassName: 'system-node-critical' })).spec.priority).toBe(2_000_001_000);
    expect(create(spec({})).spec).toMatchObject({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
  });
});

describe('an update of a pod', () => {
  const update = (parts: object, change: (pod: Pod) => void): string[] => {
    const pod = create(spec(parts));
    return problemsOf(() => api.update(pods, pod, change));
  };
  const rest =
    'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,' +
    '`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing ' +
    'tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

  test('may change an image, add tolerations and remove gates', () => {
    const problems = update({ schedulingGates: [{ name: 'a' }, { name: 'b' }] }, ({ spec: next }) => {
      for (const one of next.containers) one.image = 'web';
      next.tolerations?.push({ key: 'a', operator: 'Exists' });
      next.schedulingGates = [{ name: 'b' }];
      next.nodeSelector = { disk: 'ssd' };
    });
    expect(problems).toEqual([]);
  });

  test('may not change other fields', () => {
    const changes: ((pod: Pod) => void)[] = [
      ({ spec: next }) => {
        next.nodeSelector = { disk: 'ssd' };
      },
      ({ spec: next }) => {
        next.hostNetwork = true;
      },
      ({ spec: next }) => {
        for (const one of next.containers) one.command = ['true'];
      },
    ];
    for (const change of changes) expect(update({}, change)).toEqual([rest]);
  });

  test('may not take back a toleration', () => {
    const problems = update({}, ({ spec: next }) => {
      next.tolerations = [];
    });
    expect(problems).toEqual([
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    ]);
  });

  test('may not add a container or a gate', () => {
    expect(update({}, ({ spec: next }) => next.containers.push({ name: 'd', image: 'web' }))).toEqual([
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    ]);
    const problems = update({}, ({ spec: next }) => {
      next.schedulingGates = [{ name: 'late' }];
    });
    expect(problems).toEqual([
      "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'late'",
    ]);
  });
});
