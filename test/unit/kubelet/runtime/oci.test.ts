import { describe, expect, test } from 'vitest';
import type { Container } from '../../../../src/api/core-pods.ts';
import { missingCapabilities, ociConfig, parseBoundingSet } from '../../../../src/node/kubelet/runtime/oci.ts';
import { specOf } from '../builders.ts';

describe('the OCI configuration', () => {
  const bounding = new Set(['CHOWN', 'NET_RAW', 'NET_BIND_SERVICE', 'KILL', 'NET_ADMIN', 'SYS_ADMIN']);
  const configOf = (over: Partial<Container>, netns?: string) =>
    ociConfig(specOf({ command: ['x'], ...over }), {
      rootfs: '/r',
      bounding,
      groupIds: 2 ** 32 - 1,
      ...(netns ? { netns } : {}),
    }) as {
      process: { capabilities: { effective: string[]; bounding: string[] }; noNewPrivileges: boolean };
      linux: { namespaces: { type: string; path?: string }[]; maskedPaths?: string[]; sysctl?: object };
    };

  test('joins the pod’s network namespace and gives the container new namespaces of the other types', () => {
    const { linux } = configOf({}, '/run/netns/cni-1');
    expect(linux.namespaces).toContainEqual({ type: 'network', path: '/run/netns/cni-1' });
    expect(linux.namespaces.map(({ type }) => type)).toEqual(['pid', 'ipc', 'mount', 'uts', 'network']);
  });

  test('keeps a host-network pod in the node’s network and does not touch the node’s sysctls', () => {
    const { linux } = configOf({});
    expect(linux.namespaces.some(({ type }) => type === 'network')).toBe(false);
    expect(linux.sysctl).toEqual({});
  });

  test('grants Docker’s default capabilities, without those that the node lacks', () => {
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

  test('refuses a capability that does not exist', () => {
    const securityContext = { capabilities: { add: ['NET_ADMN'] } };
    expect(() => configOf({ securityContext })).toThrow('unknown capability "CAP_NET_ADMN"');
  });

  test('names the capabilities that no container of the node can have', () => {
    const spec = specOf({ command: ['x'], securityContext: { capabilities: { add: ['SYS_TIME', 'CHOWN', 'ALL'] } } });
    expect(missingCapabilities(spec, new Set(['CHOWN']))).toEqual(['SYS_TIME']);
  });

  test.each([
    ['every id', 2 ** 32 - 1, '0 2147483647'],
    ['those of a user namespace', 65_536, '0 65535'],
  ])('lets each group of a pod send pings on a node whose groups are %s', (_, groupIds, range) => {
    const context = { rootfs: '/r', bounding, groupIds, netns: '/proc/1/ns/net' };
    const { linux } = ociConfig(specOf({ command: ['x'] }), context) as { linux: { sysctl: object } };
    expect(linux.sysctl).toMatchObject({ 'net.ipv4.ping_group_range': range });
  });

  test('mounts a folder before the folders in it', () => {
    const mounts = ['/data/sub', '/data', '/etc/x'].map((target) => ({ source: '/s', target, readOnly: false }));
    const config = ociConfig(
      { ...specOf({ command: ['x'] }), mounts },
      { rootfs: '/r', bounding: new Set(), groupIds: 65_536 },
    );
    const targets = (config.mounts as { destination: string }[]).map(({ destination }) => destination);
    expect(targets.slice(-3)).toEqual(['/data', '/data/sub', '/etc/x']);
  });

  test('masks nothing for a privileged container', () => {
    const { process, linux } = configOf({ securityContext: { privileged: true } });
    expect(linux.maskedPaths).toBeUndefined();
    expect(process.capabilities.effective).toContain('CAP_SYS_ADMIN');
  });

  test('reads the names of capabilities from the bits of the kernel’s mask', () => {
    expect([...parseBoundingSet('Name:\tx\nCapBnd:\t0000000000003001\n')]).toEqual(['CHOWN', 'NET_ADMIN', 'NET_RAW']);
  });
});
