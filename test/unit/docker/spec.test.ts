import { expect, test } from 'vitest';
import { toCreateOptions } from '../../../src/host/docker/spec.ts';

test('translates a container specification into Docker’s options', () => {
  const options = toCreateOptions({
    name: 'labs-x-node01',
    image: 'labs/node:1',
    network: 'none',
    hostname: 'node01',
    command: ['/usr/local/sbin/labs-init'],
    environment: { container: 'docker' },
    labels: { 'labs.name': 'x' },
    capabilities: ['NET_ADMIN'],
    cgroupNamespace: 'private',
    mounts: [{ source: 'labs-images', path: '/var/lib/images', readOnly: true }],
    memoryBytes: 1024,
    cpus: 1.5,
    pids: 100,
    hosts: ['node01:192.168.56.11'],
  });
  expect(options).toMatchObject({
    name: 'labs-x-node01',
    Hostname: 'node01',
    Env: ['container=docker'],
    HostConfig: {
      NetworkMode: 'none',
      CgroupnsMode: 'private',
      Binds: ['labs-images:/var/lib/images:ro'],
      Memory: 1024,
      // Equal to the memory limit, so that the container gets no swap.
      MemorySwap: 1024,
      NanoCpus: 1_500_000_000,
      PidsLimit: 100,
    },
  });
  expect(options.HostConfig).not.toHaveProperty('PidMode');
  expect(options).not.toHaveProperty('Entrypoint');
});

test('publishes ports on one address only, and takes rights away', () => {
  const options = toCreateOptions({
    name: 'labs-x_gateway',
    image: 'labs/node:1',
    network: 'bridge',
    ports: [{ container: 6443, host: 20_001, address: '127.0.0.1' }],
    dropCapabilities: ['ALL'],
    readOnly: true,
  });
  expect(options).toMatchObject({
    ExposedPorts: { '6443/tcp': {} },
    HostConfig: {
      NetworkMode: 'bridge',
      PortBindings: { '6443/tcp': [{ HostIp: '127.0.0.1', HostPort: '20001' }] },
      CapDrop: ['ALL'],
      ReadonlyRootfs: true,
    },
  });
});
