import { describe, expect, test } from 'vitest';
import { readImageInputs } from '../../../src/host/image/ensure.ts';
import { nodeImage, rootMarker, storeMarker } from '../../../src/host/image/names.ts';
import { rootVolume } from '../../../src/host/plan/names.ts';
import { planSetup, runSetup, type SetupOptions } from '../../../src/host/setup/setup.ts';
import { LabError } from '../../../src/kit/error.ts';
import { FakeDocker } from '../../support/fake-docker.ts';
import { type FakeMachine, fakeMachine } from './fake-machine.ts';

const root = new URL('../../..', import.meta.url).pathname;
const { digests } = await readImageInputs(root);

/** All images exist. The engine answers when `problem.code` is empty. */
const engine = (problem: { code: string }): FakeDocker => {
  const docker = new FakeDocker({
    images: {
      [nodeImage(digests.node)]: { 'labs.image': 'node' },
      [storeMarker(digests.pods)]: { 'labs.image': 'store' },
      [rootMarker(digests.node)]: { 'labs.image': 'root' },
      'debian:trixie-slim': {},
    },
  });
  docker.volumeLabels.set('labs-images', {});
  docker.volumeLabels.set(rootVolume(nodeImage(digests.node)), {});
  const answer = docker.engine.bind(docker);
  docker.engine = () => (problem.code ? Promise.reject(new LabError(problem.code, 'no')) : answer());
  return docker;
};
const options = (docker: FakeDocker, machine: FakeMachine): SetupOptions => ({
  docker,
  machine,
  root,
  cacheFolder: '/nowhere',
  variables: {},
});
const stepNames = async (setup: SetupOptions) => (await planSetup(setup)).steps.map(({ name }) => name);
const never = new AbortController().signal;

describe('the plan of setup', () => {
  test('is empty on a machine that has everything', async () => {
    expect(await planSetup(options(engine({ code: '' }), fakeMachine()))).toEqual({ intentions: [], steps: [] });
  });

  test('installs and starts a missing Docker', async () => {
    const setup = options(engine({ code: 'LAB_DOCKER_MISSING' }), fakeMachine());
    expect(await stepNames(setup)).toEqual(['install-docker', 'start-docker', 'images']);
    expect((await planSetup(setup)).intentions[0]).toContain('docker.io');
  });

  test('adds a user who is not root to the group docker', async () => {
    const machine = fakeMachine({ isRoot: false, programs: ['apt-get', 'sudo'] });
    expect(await stepNames(options(engine({ code: 'LAB_DOCKER_PERMISSION' }), machine))).toEqual([
      'permit-docker',
      'images',
    ]);
    expect(await stepNames(options(engine({ code: 'LAB_DOCKER_UNREACHABLE' }), machine))).toEqual([
      'start-docker',
      'permit-docker',
      'images',
    ]);
  });

  test.each([
    ['macOS', fakeMachine({ platform: 'darwin' }), 'Docker Desktop'],
    ['Windows', fakeMachine({ platform: 'win32' }), 'WSL 2'],
    ['a Linux without apt', fakeMachine({ programs: [] }), 'docs.docker.com'],
  ])('on %s it says what to do by hand', async (_, machine, hint) => {
    await expect(planSetup(options(engine({ code: 'LAB_DOCKER_MISSING' }), machine))).rejects.toMatchObject({
      code: 'LAB_SETUP_MANUAL',
      hint: expect.stringContaining(hint),
    });
  });

  test('neither installs nor starts an engine that DOCKER_HOST names', async () => {
    const setup = options(engine({ code: 'LAB_DOCKER_UNREACHABLE' }), fakeMachine());
    await expect(planSetup({ ...setup, variables: { DOCKER_HOST: 'tcp://box' } })).rejects.toMatchObject({
      code: 'LAB_DOCKER_UNREACHABLE',
    });
  });
});

describe('setup', () => {
  test('installs Docker, starts it in the background without systemd, and waits for it', async () => {
    const problem = { code: 'LAB_DOCKER_MISSING' };
    const machine = fakeMachine({
      onCommand: (command) => {
        if (command.includes('install --yes')) problem.code = 'LAB_DOCKER_UNREACHABLE';
        if (command.startsWith('dockerd')) problem.code = '';
      },
    });
    const setup = options(engine(problem), machine);
    await runSetup(await planSetup(setup), setup, { signal: never });
    expect(machine.done).toEqual([
      'apt-get update',
      'apt-get install --yes --no-upgrade --no-install-recommends docker.io iptables apparmor ca-certificates',
      'dockerd >> /var/log/dockerd.log',
    ]);
    expect((await planSetup(setup)).steps).toEqual([]);
  });

  test('finishes an interrupted apt run, and ignores packages that were broken before', async () => {
    const problem = { code: 'LAB_DOCKER_MISSING' };
    const broken = (): never => {
      throw new Error('some other package');
    };
    const machine = fakeMachine({
      programs: ['apt-get', 'dockerd', 'iptables'],
      onCommand: (command) => {
        if (command.startsWith('dockerd')) problem.code = '';
        else broken();
      },
    });
    const setup = options(engine(problem), machine);
    await runSetup(await planSetup(setup), setup, { signal: never });
    expect(machine.done.map((command) => command.split(' ').slice(0, 2).join(' '))).toEqual([
      'apt-get update',
      'apt-get install',
      'dpkg --configure',
      'apt-get install',
      'dockerd >>',
    ]);
    const without = fakeMachine({ onCommand: broken });
    const failing = options(engine({ code: 'LAB_DOCKER_MISSING' }), without);
    await expect(runSetup(await planSetup(failing), failing, { signal: never })).rejects.toThrow('some other package');
  });

  test('mounts the cgroup file systems when no init system has mounted them', async () => {
    const problem = { code: 'LAB_DOCKER_UNREACHABLE' };
    const machine = fakeMachine({
      files: { '/proc/mounts': 'proc /proc proc rw\n' },
      onCommand: (command) => {
        if (command.startsWith('dockerd')) problem.code = '';
      },
    });
    const setup = options(engine(problem), machine);
    await runSetup(await planSetup(setup), setup, { signal: never });
    expect(machine.done.slice(-2)).toEqual(['cgroupfs-mount', 'dockerd >> /var/log/dockerd.log']);
  });

  test('lets systemd start Docker on a machine with systemd', async () => {
    const problem = { code: 'LAB_DOCKER_UNREACHABLE' };
    const onCommand = (): void => {
      problem.code = '';
    };
    const machine = fakeMachine({ hasSystemd: true, onCommand });
    const setup = options(engine(problem), machine);
    await runSetup(await planSetup(setup), setup, { signal: never });
    expect(machine.done).toEqual(['systemctl enable --now docker']);
  });

  test('does not install again what an interrupted run had installed', async () => {
    const problem = { code: 'LAB_DOCKER_MISSING' };
    const machine = fakeMachine({
      onCommand: (command) => {
        if (command.includes('install --yes')) problem.code = 'LAB_DOCKER_UNREACHABLE';
        if (command.startsWith('dockerd')) throw new Error('interrupted');
      },
    });
    const setup = options(engine(problem), machine);
    await expect(runSetup(await planSetup(setup), setup, { signal: never })).rejects.toThrow('interrupted');
    expect(await stepNames(setup)).toEqual(['start-docker', 'images']);
  });

  test('gives a user access to the socket at once; the group takes effect at the next login', async () => {
    const problem = { code: 'LAB_DOCKER_PERMISSION' };
    const machine = fakeMachine({
      isRoot: false,
      programs: ['apt-get', 'sudo'],
      onCommand: (command) => {
        if (command.startsWith('setfacl')) problem.code = '';
      },
    });
    const setup = options(engine(problem), machine);
    await runSetup(await planSetup(setup), setup, { signal: never });
    expect(machine.done.filter((command) => !command.startsWith('apt-get'))).toEqual([
      'usermod -aG docker student',
      'setfacl -m u:student:rw /var/run/docker.sock',
    ]);
  });

  test('tells a user to log in again', async () => {
    const machine = fakeMachine({ isRoot: false, programs: ['apt-get', 'sudo', 'setfacl'] });
    const setup = options(engine({ code: 'LAB_DOCKER_PERMISSION' }), machine);
    await expect(runSetup(await planSetup(setup), setup, { signal: never })).rejects.toMatchObject({
      code: 'LAB_SETUP_LOGIN',
      hint: expect.stringContaining('Log out'),
    });
    expect(machine.done[0]).toBe('usermod -aG docker student');
  });
});
