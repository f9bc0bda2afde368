import { describe, expect, test } from 'vitest';
import { readImageInputs } from '../../../src/host/image/ensure.ts';
import { nodeImage, rootMarker } from '../../../src/host/image/names.ts';
import { rootVolume } from '../../../src/host/plan/names.ts';
import { examine } from '../../../src/host/setup/doctor.ts';
import { kernelProbes, readAnswers } from '../../../src/host/setup/kernel.ts';
import { LabError } from '../../../src/kit/error.ts';
import { FakeDocker, type FakeDockerOptions } from '../../support/fake-docker.ts';

const root = new URL('../../..', import.meta.url).pathname;
const { digests } = await readImageInputs(root);
const node = nodeImage(digests.node);

/** An engine with the node image and the volume of its files. */
const engine = (options: FakeDockerOptions = {}): FakeDocker => {
  const images = { [node]: { 'labs.image': 'node' }, [rootMarker(digests.node)]: { 'labs.image': 'root' } };
  const docker = new FakeDocker({ images, ...options });
  docker.volumeLabels.set(rootVolume(node), {});
  return docker;
};

/** The answer yes for every probe, except for the given ones. */
const answers = (
  given: Readonly<Record<string, string>>,
  disk = 9e9,
  settings: readonly string[] = ['most 63000'],
): string =>
  [
    'some program’s noise',
    ...kernelProbes.map(({ name }, index) => `@labs@ ${index} ${given[name] ?? 'yes'}`),
    `@labs@ disk ${disk}`,
    '@labs@ inotify 128',
    ...settings.map((setting) => `@labs@ ${setting}`),
  ].join('\n');

describe('the doctor', () => {
  test('reports a missing Docker, with the remedy', async () => {
    const docker = new FakeDocker();
    docker.failures.set('engine', new LabError('LAB_DOCKER_MISSING', 'not installed', { hint: 'Run `labs setup`.' }));
    const probes = await examine({ docker, root });
    expect(probes.at(-1)).toEqual({
      name: 'Docker',
      status: 'failure',
      detail: 'not installed',
      remedy: 'Run `labs setup`.',
    });
  });

  test('reports that the kernel was not probed when the node image is missing', async () => {
    const probes = await examine({ docker: new FakeDocker(), root });
    expect(probes.find(({ name }) => name === 'kernel')).toMatchObject({ status: 'warning' });
    expect(probes.find(({ name }) => name === 'node image')).toMatchObject({ detail: 'not made yet' });
  });

  test('probes the kernel in a container, and leaves none behind', async () => {
    const docker = engine({ exec: () => ({ stdout: answers({ ip_vs: 'no is it built in?' }) }) });
    const probes = await examine({ docker, root });
    expect(probes.find(({ name }) => name === 'ip_vs')).toMatchObject({ status: 'warning', detail: 'is it built in?' });
    expect(docker.containers.size).toBe(0);
    expect(docker.calls.some((call) => call.startsWith('create labs-helper-'))).toBe(true);
  });

  test('names the needed capabilities when the engine refuses the container', async () => {
    const docker = engine();
    docker.failures.set('start', new Error('operation not permitted'));
    const probes = await examine({ docker, root });
    expect(probes.find(({ name }) => name === 'capabilities')).toMatchObject({
      status: 'failure',
      detail: 'operation not permitted',
      remedy: expect.stringContaining('SYS_ADMIN'),
    });
    expect(docker.containers.size).toBe(0);
  });

  test('says that the engine refuses the filter of system calls of a node', async () => {
    const docker = engine({ exec: () => ({ stdout: answers({}) }) });
    const create = docker.create.bind(docker);
    docker.create = (spec, ...rest) =>
      spec.dropCapabilities ? Promise.reject(new Error('seccomp is not supported')) : create(spec, ...rest);
    const probes = await examine({ docker, root });
    expect(probes.find(({ name }) => name === 'seccomp')).toMatchObject({
      status: 'failure',
      detail: 'seccomp is not supported',
    });
  });

  test('runs its probes with the rights of the fabric, also where userns-remap is on', async () => {
    let rights: unknown;
    const docker = engine({
      exec: ({ spec }) => {
        rights = spec;
        return { stdout: answers({}) };
      },
    });
    await examine({ docker, root });
    expect(rights).toMatchObject({
      userNamespace: 'host',
      pidMode: 'host',
      cgroupNamespace: 'host',
      capabilities: expect.arrayContaining(['SYS_ADMIN']),
      deviceRules: expect.arrayContaining(['b 7:* rwm']),
    });
  });

  test.each([
    ['root', {}, 'ok', 'as root: all of labs works'],
    ['userns-remap', { security: ['seccomp', 'userns'] }, 'ok', 'as root, with userns-remap: all of labs works'],
    ['no root', { rootless: true, security: ['seccomp', 'rootless'] }, 'failure', 'rootless: labs does not work'],
  ])('names an engine with %s', async (_, given, status, detail) => {
    const probes = await examine({ docker: new FakeDocker({ engine: given }), root });
    expect(probes.find(({ name }) => name === 'engine')).toMatchObject({ status, detail });
  });

  test('does not try the kernel through a rootless engine', async () => {
    const docker = engine({ engine: { rootless: true }, exec: () => ({ stdout: answers({}) }) });
    const probes = await examine({ docker, root });
    expect(probes.some(({ name }) => name === 'user namespaces')).toBe(false);
    expect(docker.calls).toEqual([]);
  });

  test('says what the security modules of the engine mean for labs', async () => {
    const probes = await examine({ docker: new FakeDocker({ engine: { security: ['selinux'] } }), root });
    expect(probes.find(({ name }) => name === 'SELinux')).toMatchObject({ status: 'ok' });
    expect(probes.find(({ name }) => name === 'seccomp of the engine')).toMatchObject({ status: 'failure' });
  });

  test('little memory, one processor and an old engine each get a remedy', async () => {
    const docker = new FakeDocker({ engine: { memoryBytes: 1.2e9, cpus: 1, apiVersion: '1.40' } });
    const probes = await examine({ docker, root });
    const status = Object.fromEntries(probes.map((probe) => [probe.name, probe.status]));
    expect(status).toMatchObject({ memory: 'warning', processors: 'warning', 'Docker API': 'failure' });
    for (const probe of probes) if (probe.status !== 'ok') expect(probe.remedy).toBeTruthy();
  });
});

describe('answers of the kernel’s probes', () => {
  test('a feature that labs needs is a failure; a feature of one mode is a warning', () => {
    const given = { br_netfilter: 'no ', vxlan: 'no Unknown device type.', 'memory limits': 'no ' };
    const probes = readAnswers(answers(given));
    const find = (name: string) => probes.find((probe) => probe.name === name);
    expect(find('cpu limits')).toMatchObject({ status: 'ok' });
    expect(find('memory limits')).toMatchObject({
      status: 'warning',
      remedy: expect.stringContaining('memory limits of containers have no effect'),
    });
    expect(find('br_netfilter')).toMatchObject({
      status: 'failure',
      detail: 'does not work',
      remedy: expect.stringContaining('modprobe br_netfilter'),
    });
    expect(find('vxlan')).toMatchObject({ status: 'warning', detail: 'Unknown device type.' });
    expect(find('bridge')).toEqual({ name: 'bridge', status: 'ok', detail: 'works' });
  });

  test.each([
    [9e9, 'ok'],
    [1e9, 'warning'],
    [1e8, 'failure'],
  ])('%d bytes of disk: %s', (bytes, status) => {
    expect(readAnswers(answers({}, bytes)).find(({ name }) => name === 'disk')).toMatchObject({ status });
  });

  test.each([
    [['most 0'], 'namespace limit', 'failure', 'user.max_user_namespaces is 0'],
    [['most 20'], 'namespace limit', 'warning', 'user.max_user_namespaces is 20'],
    [[], 'namespace limit', 'failure', 'the kernel has no user namespaces'],
    [['most 9000', 'clone 0'], 'namespaces of users', 'ok', expect.stringContaining('programs in them can make none')],
    [['most 9000', 'apparmor 1'], 'AppArmor', 'ok', expect.stringContaining('nodes get theirs from root')],
    [['most 9000', 'apparmor 0'], 'AppArmor', 'ok', 'does not restrict user namespaces'],
  ])('with the settings %j, the line %s is %s', (settings, name, status, detail) => {
    const found = readAnswers(answers({}, 9e9, settings)).find((probe) => probe.name === name);
    expect(found).toMatchObject({ status, detail });
  });

  test('without output, no probe passes', () => {
    const said = readAnswers('').filter(({ name }) => name !== 'capabilities');
    expect(said.every(({ status }) => status !== 'ok')).toBe(true);
  });
});
