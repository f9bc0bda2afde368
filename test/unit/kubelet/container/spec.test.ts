import { describe, expect, test } from 'vitest';
import type { Container } from '../../../../src/api/core.ts';
import type { ImageConfig } from '../../../../src/api/images.ts';
import { containerSpec } from '../../../../src/node/kubelet/container/spec.ts';
import { ociConfig, parseBoundingSet } from '../../../../src/node/kubelet/runtime/oci.ts';
import { hostsFile, podHostname, resolvConf, resolveUser } from '../../../../src/node/kubelet/container/files.ts';
import { container, podWith } from '../builders.ts';

const passwd = 'root:x:0:0:root:/root:/bin/sh\nmysql:x:999:998::/var/lib/mysql:/bin/false\n';
const group = 'root:x:0:\nmysql:x:998:\nextra:x:50:mysql,other\n';

const specOf = (over: Partial<Container>, config: ImageConfig = {}, pod = podWith()) =>
  containerSpec(container(over), {
    pod,
    podIp: '10.244.1.2',
    hostIp: '192.168.56.11',
    sources: { configMap: () => undefined, secret: () => undefined },
    services: [],
    sandboxId: 's1',
    attempt: 0,
    image: { reference: 'docker.io/library/web:latest', digest: 'sha256:aa', size: 1, config },
    passwd,
    group,
    nodeName: 'node01',
    mounts: [],
  });

describe('what a container runs', () => {
  const config = { Entrypoint: ['/entry'], Cmd: ['default'] };
  test.each([
    { name: 'the image’s own', over: {}, want: ['/entry', 'default'] },
    { name: 'own arguments', over: { args: ['x'] }, want: ['/entry', 'x'] },
    { name: 'an own command, without the image’s arguments', over: { command: ['sh'] }, want: ['sh'] },
    { name: 'both', over: { command: ['sh'], args: ['-c', 'true'] }, want: ['sh', '-c', 'true'] },
  ])('$name', ({ over, want }) => expect(specOf(over, config).args).toEqual(want));

  test('references in command and arguments are filled in', () => {
    const env = [{ name: 'WHO', value: 'world' }];
    expect(specOf({ command: ['echo', 'hello $(WHO)'], env }).args).toEqual(['echo', 'hello world']);
  });

  test('nothing to run is refused', () => expect(() => specOf({})).toThrow('no command specified'));

  test('the image’s environment comes below the pod’s, and HOSTNAME and HOME are set', () => {
    const { env } = specOf({ command: ['x'], env: [{ name: 'A', value: 'pod' }] }, { Env: ['A=image', 'B=image'] });
    expect(env).toEqual(expect.arrayContaining(['A=pod', 'B=image', 'HOSTNAME=web', 'HOME=/root']));
  });
});

describe('who a container runs as', () => {
  const groups = { supplementalGroups: [], passwd, group };
  test.each([
    { imageUser: '', uid: 0, gid: 0, extra: [], home: '/root' },
    { imageUser: 'mysql', uid: 999, gid: 998, extra: [50], home: '/var/lib/mysql' },
    { imageUser: '999:0', uid: 999, gid: 0, extra: [50], home: '/var/lib/mysql' },
    { imageUser: '4711', uid: 4711, gid: 0, extra: [], home: '/' },
  ])('image user "$imageUser"', ({ imageUser, uid, gid, extra, home }) => {
    expect(resolveUser({ imageUser, ...groups })).toEqual({ user: { uid, gid, additionalGids: extra }, home });
  });

  test('the pod’s user and groups win', () => {
    const { user } = resolveUser({
      ...groups,
      imageUser: 'mysql',
      runAsUser: 1000,
      runAsGroup: 3000,
      supplementalGroups: [7],
    });
    expect(user).toEqual({ uid: 1000, gid: 3000, additionalGids: [7] });
  });

  test('an unknown name is refused', () => {
    expect(() => resolveUser({ ...groups, imageUser: 'nobody-here' })).toThrow('unable to find user nobody-here');
  });

  test('runAsNonRoot refuses root', () => {
    const over = { command: ['x'], securityContext: { runAsNonRoot: true } };
    expect(() => specOf(over)).toThrow('container has runAsNonRoot and image will run as root');
  });
});

describe('the OCI configuration', () => {
  const bounding = new Set(['CHOWN', 'NET_RAW', 'NET_BIND_SERVICE', 'KILL', 'NET_ADMIN', 'SYS_ADMIN']);
  const configOf = (over: Partial<Container>, netns?: string) =>
    ociConfig(specOf({ command: ['x'], ...over }), { rootfs: '/r', bounding, ...(netns ? { netns } : {}) }) as {
      process: { capabilities: { effective: string[]; bounding: string[] }; noNewPrivileges: boolean };
      linux: { namespaces: { type: string; path?: string }[]; maskedPaths?: string[]; sysctl?: object };
    };

  test('joins the pod’s network namespace and has all others of its own', () => {
    const { linux } = configOf({}, '/run/netns/cni-1');
    expect(linux.namespaces).toContainEqual({ type: 'network', path: '/run/netns/cni-1' });
    expect(linux.namespaces.map(({ type }) => type)).toEqual(['pid', 'ipc', 'mount', 'uts', 'network']);
  });

  test('of a host-network pod stays in the node’s network and leaves its sysctls alone', () => {
    const { linux } = configOf({});
    expect(linux.namespaces.some(({ type }) => type === 'network')).toBe(false);
    expect(linux.sysctl).toBeUndefined();
  });

  test('grants Docker’s default capabilities, but none that the node itself lacks', () => {
    expect(configOf({}).process.capabilities.effective).toEqual([
      'CAP_CHOWN',
      'CAP_NET_RAW',
      'CAP_NET_BIND_SERVICE',
      'CAP_KILL',
    ]);
  });

  test('adds and drops capabilities', () => {
    const securityContext = { capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] } };
    expect(configOf({ securityContext }).process.capabilities.bounding).toEqual(['CAP_NET_ADMIN']);
  });

  test('gives a user other than root no effective capabilities', () => {
    expect(configOf({ securityContext: { runAsUser: 1000 } }).process.capabilities.effective).toEqual([]);
  });

  test('of a privileged container masks nothing', () => {
    const { process, linux } = configOf({ securityContext: { privileged: true } });
    expect(linux.maskedPaths).toBeUndefined();
    expect(process.capabilities.effective).toContain('CAP_SYS_ADMIN');
  });

  test('the bounding set is read from the kernel’s mask', () => {
    expect([...parseBoundingSet('Name:\tx\nCapBnd:\t0000000000003001\n')]).toEqual(['CHOWN', 'NET_ADMIN', 'NET_RAW']);
  });
});

describe('the files in every container', () => {
  test('/etc/hosts names the pod', () => {
    const pod = podWith({ hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }] });
    const text = hostsFile(pod, '10.244.1.2', 'cluster.local');
    expect(text).toContain('10.244.1.2\tweb\n');
    expect(text).toContain('1.2.3.4\ta\tb\n');
  });

  test('a subdomain gives the pod its full name', () => {
    const text = hostsFile(podWith({ hostname: 'h', subdomain: 'sub' }), '10.244.1.2', 'cluster.local');
    expect(text).toContain('10.244.1.2\th.sub.default.svc.cluster.local\th\n');
  });

  const dns = { clusterDns: ['10.96.0.10'], clusterDomain: 'cluster.local', nodeResolvConf: 'nameserver 9.9.9.9\n' };
  test('/etc/resolv.conf leads to the cluster’s DNS', () => {
    expect(resolvConf(podWith(), dns)).toBe(
      'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n',
    );
  });

  test.each([
    { name: 'dnsPolicy Default', spec: { dnsPolicy: 'Default' as const } },
    { name: 'a pod on the node’s network', spec: { hostNetwork: true } },
  ])('$name uses the node’s servers', ({ spec }) =>
    expect(resolvConf(podWith(spec), dns)).toBe('nameserver 9.9.9.9\n'),
  );

  test('the pod’s own DNS settings are added', () => {
    const dnsConfig = { nameservers: ['1.1.1.1'], searches: ['my.org'], options: [{ name: 'ndots', value: '2' }] };
    expect(resolvConf(podWith({ dnsPolicy: 'None', dnsConfig }), dns)).toBe(
      'search my.org\nnameserver 1.1.1.1\noptions ndots:2\n',
    );
  });

  test('a long pod name is cut to what a host name may be', () => {
    expect(podHostname(podWith({}, { metadata: { name: `${'a'.repeat(62)}-b` } }))).toBe('a'.repeat(62));
  });
});
