// The tests of the way from the user's machine into a running lab: kubectl, other programs, and the networks.
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { connectDocker } from '../../src/host/docker/dockerode.ts';
import { labels } from '../../src/host/plan/names.ts';
import { labs, run, spawnLabs, written } from './cli-support.ts';

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ];
  readonly users: readonly [
    { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } },
  ];
}

/** Asks the API server as a client library does: with nothing but the kubeconfig that labs prints. */
export const nodesByKubeconfig = async (name: string): Promise<readonly string[]> => {
  const printed = await labs(['kubeconfig', name, '--json']);
  const { clusters, users } = JSON.parse(printed.stdout) as Kubeconfig;
  const [{ cluster }] = clusters;
  const [{ user }] = users;
  expect(cluster.server).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const bytes = (text: string): Buffer => Buffer.from(text, 'base64');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = {
    ca: bytes(cluster['certificate-authority-data']),
    cert: bytes(user['client-certificate-data']),
    key: bytes(user['client-key-data']),
  };
  request(`${cluster.server}/api/v1/nodes`, options, async (response) => {
    let body = '';
    for await (const chunk of response) body += chunk;
    resolve(body);
  })
    .on('error', reject)
    .end();
  const { items } = JSON.parse(await promise) as { readonly items: readonly { readonly metadata: { name: string } }[] };
  return items.map(({ metadata }) => metadata.name);
};

/** The output of `ip` in the network namespace of a container. */
const ipIn = async (pid: number, ...words: readonly string[]): Promise<readonly Record<string, unknown>[]> =>
  JSON.parse((await execa('nsenter', ['-t', String(pid), '-n', 'ip', '-j', ...words])).stdout || '[]');

/** Registers the tests. `folder` is theirs to write into. */
export const testWayIn = (name: string, folder: () => string): void => {
  const on = (...argv: string[]) => labs(['--name', name, ...argv]);

  test('kubectl reads and writes files of the user’s machine', async () => {
    const manifest = join(folder(), 'map.yaml');
    writeFileSync(manifest, 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: here }\n');
    expect((await on('kubectl', 'apply', '-f', manifest)).stdout).toBe('configmap/here created');
    expect((await on('kubectl', 'create', 'cm', 'files', `--from-file=${manifest}`)).exitCode).toBe(0);
    const copy = join(folder(), 'hostname');
    expect(await on('kubectl', 'cp', 'blue:/etc/hostname', copy)).toMatchObject({ exitCode: 0 });
    expect(readFileSync(copy, 'utf8').trim()).toBe('blue');
  });

  test('a client library reaches the API server by the printed kubeconfig', async () => {
    expect(await nodesByKubeconfig(name)).toEqual(['controlplane', 'node01', 'node02']);
  });

  test('adds its context to the user’s kubeconfig, which only the user can read', async () => {
    const file = join(folder(), 'kubeconfig');
    const env = { KUBECONFIG: file };
    expect((await labs(['kubeconfig', name, '--write'], { env })).exitCode).toBe(0);
    expect((await run(['stat', '-c', '%a', file])).stdout).toBe('600');
    expect(readFileSync(file, 'utf8')).toContain('https://127.0.0.1:');
  });

  test('forward opens a pod on a port of the user’s machine until an interrupt', async () => {
    await on('kubectl', 'run', 'pages', '--image=web');
    await on('kubectl', 'wait', '--for=condition=Ready', 'pod/pages', '--timeout=60s');
    const forwarding = spawnLabs(['--name', name, 'forward', 'pod/pages', ':80'], { buffer: false });
    let printed = '';
    forwarding.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk;
    });
    await written(forwarding.stdout, 'http://127.0.0.1:');
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(printed) ?? [];
    expect(await (await fetch(url)).text()).not.toBe('');
    forwarding.kill('SIGINT');
    expect((await forwarding).exitCode).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
    await on('kubectl', 'delete', 'pod', 'pages', '--now');
  });

  test('the lab and Docker’s networks share no interface, and neither forwards to the other', async () => {
    const docker = await connectDocker(process.env);
    const [gateway] = await docker.list({ [labels.gateway]: name });
    const outside = (await docker.inspect(gateway?.id ?? ''))?.pid ?? 0;
    const addresses = await ipIn(outside, '-4', 'address');
    expect(addresses.map(({ ifname }) => ifname)).toEqual(['lo', 'eth0']);
    for (const { dst } of await ipIn(outside, 'route')) expect(dst).not.toMatch(/^(192\.168\.56|10\.)/);

    const machines = await docker.list({ [labels.name]: name });
    expect(machines).toHaveLength(5);
    for (const { id, name: machine } of machines) {
      const pid = (await docker.inspect(id))?.pid ?? 0;
      const [bridge = ''] = await addressesOfDocker();
      const route = await execa('nsenter', ['-t', String(pid), '-n', 'ip', 'route', 'get', bridge], { reject: false });
      // Nodes send everything to the fabric, and the fabric has no way on.
      const through = /via 192\.168\.56\.1 /.test(route.stdout);
      expect({ machine, reaches: route.exitCode === 0 && !through }).toEqual({ machine, reaches: false });
    }
    const fabric = machines.find(({ name: machine }) => machine.endsWith('-fabric'));
    const inside = (await docker.inspect(fabric?.id ?? ''))?.pid ?? 0;
    expect((await ipIn(inside, 'route')).map(({ dst }) => dst)).not.toContain('default');
    const forwarding = await execa('nsenter', ['-t', String(inside), '-n', 'cat', '/proc/sys/net/ipv4/ip_forward']);
    expect(forwarding.stdout).toBe('0');
  });

  test('a packet from a node to Docker’s network is answered by nobody', async () => {
    const [bridge = ''] = await addressesOfDocker();
    for (const machine of ['node01', 'client']) {
      const ran = await on('shell', machine, '--', 'curl', '-s', '-m', '2', `http://${bridge}:22/`);
      // 7: refused by the own kernel or by the fabric; 28: no answer.
      expect([7, 28]).toContain(ran.exitCode);
    }
  });
};

/** The addresses of the bridge `docker0` of this machine. */
const addressesOfDocker = async (): Promise<readonly string[]> => {
  const { stdout } = await execa('ip', ['-j', '-4', 'address', 'show', 'docker0']);
  const [device] = JSON.parse(stdout) as [{ addr_info: readonly { local: string }[] }];
  return device.addr_info.map(({ local }) => local);
};
