// The manifest for other people's clusters: everything it names is there, and kube-proxy understands what it is given.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { loadKubeconfig } from '../../../src/node/client/kubeconfig.ts';
import { parseFlags } from '../../../src/node/component/flags.ts';
import type { ProxyConfig } from '../../../src/node/proxy/config/config.ts';
import { parseConfig } from '../../../src/node/proxy/config/file.ts';
import { flagSpecs } from '../../../src/node/proxy/config/flags.ts';
import { resolveConfig } from '../../../src/node/proxy/config/resolve.ts';

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string }[];
  readonly readinessProbe?: { readonly httpGet: { readonly path: string; readonly port: number } };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}
interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}
interface ConfigMap extends Named {
  readonly data: Readonly<Record<string, string>>;
}
interface Binding extends Named {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects: readonly { readonly kind: string; readonly name: string; readonly namespace: string }[];
}
interface DaemonSet extends Named {
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly serviceAccountName: string;
        readonly hostNetwork: boolean;
        readonly initContainers: readonly Container[];
        readonly containers: readonly Container[];
        readonly volumes: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[];
      };
    };
  };
}

const text = readFileSync(join(import.meta.dirname, '../../../deploy/kube-proxy/kube-proxy.yaml'), 'utf8');
const objects = parseAllDocuments(text).map((document) => document.toJS({ maxAliasCount: 0 }) as Named);
const find = <T extends Named>(kind: string): T => {
  const found = objects.filter((object) => object.kind === kind);
  expect(found, `objects of kind ${kind}`).toHaveLength(1);
  return found[0] as T;
};
const daemonSet = find<DaemonSet>('DaemonSet');
const pod = daemonSet.spec.template.spec;
const configMap = find<ConfigMap>('ConfigMap');
const containers = [...pod.initContainers, ...pod.containers];
const configPath = '/var/lib/kube-proxy/config.conf';

const configOf = ({ args }: Container): ProxyConfig =>
  resolveConfig(parseFlags(flagSpecs, args), parseConfig(configMap.data['config.conf'] ?? '', configPath));

test('all objects are in the same place and may be told apart', () => {
  expect(objects.map(({ kind }) => kind)).toEqual(['ServiceAccount', 'ClusterRoleBinding', 'ConfigMap', 'DaemonSet']);
  for (const { kind, metadata } of objects) {
    expect(metadata.namespace, kind).toBe(kind === 'ClusterRoleBinding' ? undefined : 'kube-system');
  }
});

test('its pods are the ones that it selects, and have the rights of kube-proxy', () => {
  expect(daemonSet.spec.template.metadata.labels).toMatchObject(daemonSet.spec.selector.matchLabels);
  const account = find('ServiceAccount').metadata;
  expect(pod.serviceAccountName).toBe(account.name);
  const binding = find<Binding>('ClusterRoleBinding');
  expect(binding.subjects).toEqual([{ kind: 'ServiceAccount', ...account }]);
  expect(binding.roleRef).toMatchObject({ kind: 'ClusterRole', name: 'system:node-proxier' });
  expect(pod.hostNetwork).toBe(true);
});

test('every volume that is mounted exists, and files that are named lie in the ConfigMap', () => {
  const volumes = new Map(pod.volumes.map((volume) => [volume.name, volume]));
  for (const { volumeMounts } of containers) {
    for (const { name } of volumeMounts) expect([...volumes.keys()]).toContain(name);
    const folder = volumeMounts.find(({ mountPath }) => mountPath === dirname(configPath));
    expect(volumes.get(folder?.name ?? '')?.configMap?.name).toBe(configMap.metadata.name);
  }
  expect(containers).toHaveLength(2);
  for (const container of containers) {
    expect(container.args).toContain(`--config=${configPath}`);
    const { kubeconfig } = configOf(container);
    expect(dirname(kubeconfig)).toBe(dirname(configPath));
    expect(Object.keys(configMap.data)).toContain(kubeconfig.slice(dirname(kubeconfig).length + 1));
  }
});

test('both containers are one image, know their node, and differ in who ends', () => {
  expect(new Set(containers.map(({ image }) => image)).size).toBe(1);
  for (const { args, env } of containers) {
    expect(args).toContain('--hostname-override=$(NODE_NAME)');
    expect(env.map(({ name }) => name)).toContain('NODE_NAME');
  }
  const ends = containers.map(({ args }) => parseFlags(flagSpecs, args)['init-only'] ?? false);
  expect(ends).toEqual([true, false]);
});

test('it is ready where kube-proxy says so', () => {
  const [main] = pod.containers;
  if (!main) throw new Error('the DaemonSet has no container');
  const { path, port } = main.readinessProbe?.httpGet ?? {};
  expect([path, configOf(main).healthzBindAddress]).toEqual(['/livez', `0.0.0.0:${port}`]);
});

test('the kubeconfig proves by the token of the service account who it is', () => {
  const folder = mkdtempSync(join(tmpdir(), 'labs-deploy-'));
  try {
    const account = '/var/run/secrets/kubernetes.io/serviceaccount';
    writeFileSync(join(folder, 'ca.crt'), 'a certificate');
    writeFileSync(join(folder, 'token'), 'a token');
    const written = configMap.data['kubeconfig.conf'] ?? '';
    expect(written).toContain(account);
    writeFileSync(join(folder, 'kubeconfig'), written.replaceAll(account, folder));
    expect(loadKubeconfig(join(folder, 'kubeconfig'))).toMatchObject({
      server: expect.stringMatching(/^https:\/\/.*:6443$/),
      ca: 'a certificate',
      tokenFile: join(folder, 'token'),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a file as kubeadm writes it, where empty and zero mean the default, is understood', () => {
  const kubeadm = `
    apiVersion: kubeproxy.config.k8s.io/v1alpha1
    kind: KubeProxyConfiguration
    bindAddress: 0.0.0.0
    clientConnection: { acceptContentTypes: "", burst: 0, contentType: "", kubeconfig: ${configPath}, qps: 0 }
    clusterCIDR: 10.244.0.0/16
    configSyncPeriod: 0s
    conntrack: { maxPerCore: null, min: null, tcpCloseWaitTimeout: null, tcpEstablishedTimeout: null, udpTimeout: 0s }
    detectLocal: { bridgeInterface: "", interfaceNamePrefix: "" }
    detectLocalMode: ""
    healthzBindAddress: ""
    iptables: { localhostNodePorts: null, masqueradeAll: false, masqueradeBit: null, minSyncPeriod: 0s, syncPeriod: 0s }
    ipvs: { excludeCIDRs: null, minSyncPeriod: 0s, scheduler: "", strictARP: false, syncPeriod: 0s }
    logging: { flushFrequency: 0, options: { json: { infoBufferSize: "0" }, text: { infoBufferSize: "0" } }, verbosity: 0 }
    metricsBindAddress: ""
    mode: ""
    nftables: { masqueradeAll: false, masqueradeBit: null, minSyncPeriod: 0s, syncPeriod: 0s }
    nodePortAddresses: null
    oomScoreAdj: null
    portRange: ""
    winkernel: { enableDSR: false, forwardHealthCheckVip: false, networkName: "", rootHnsEndpointName: "", sourceVip: "" }
  `;
  const flags = parseFlags(flagSpecs, ['--config=c.conf', '--hostname-override=n1']);
  const bare = `apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nclusterCIDR: 10.244.0.0/16\n`;
  const wanted = resolveConfig(flags, parseConfig(`${bare}clientConnection: { kubeconfig: ${configPath} }`, 'c.conf'));
  expect(resolveConfig(flags, parseConfig(kubeadm, 'c.conf'))).toEqual(wanted);
});
