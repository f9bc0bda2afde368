// Finds out whether the Docker Engine is installed, runs and may be used by this user. Installs, starts and permits it.
import { LabError, messageOf } from '../../kit/error.ts';
import { done, eventually, notYet } from '../../kit/eventually.ts';
import { systemSocket, type Variables } from '../docker/endpoint.ts';
import type { Containers } from '../docker/port.ts';
import type { Machine, RunOptions } from './machine.ts';

export type EngineState = 'ready' | 'missing' | 'stopped' | 'forbidden';

/** @throws LabError for a state that setup can't change: a wrong DOCKER_HOST, or an unexpected error */
export const engineState = async (docker: Containers, variables: Variables) => {
  const error = await docker.engine().then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (error === undefined) return 'ready' satisfies EngineState;
  const code = error instanceof LabError ? error.code : '';
  // setup must not install or start an engine that DOCKER_HOST names: it belongs to someone else.
  if (variables.DOCKER_HOST) throw error;
  const states: Readonly<Record<string, EngineState>> = {
    LAB_DOCKER_MISSING: 'missing',
    LAB_DOCKER_UNREACHABLE: 'stopped',
    LAB_DOCKER_PERMISSION: 'forbidden',
  };
  const state = states[code];
  if (!state) throw error;
  return state;
};

const apt = ['apt-get', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Options::=--force-confold'];

/**
 * Installs Debian packages. Waits for a running apt, and finishes an interrupted one.
 * @param programs the programs that the packages contain. Once they are installed, other failures don't matter: a
 * package that was broken before, or a third party's source that doesn't answer
 */
export const installPackages = async (
  machine: Machine,
  { packages, programs }: { readonly packages: readonly string[]; readonly programs: readonly string[] },
  options: RunOptions,
): Promise<void> => {
  const install = [...apt, 'install', '--yes', '--no-upgrade', '--no-install-recommends', ...packages];
  await unlessAborted(machine.runAsRoot([...apt, 'update'], options), options);
  const failure = await unlessAborted(machine.runAsRoot(install, options), options);
  if (failure === undefined) return;
  await unlessAborted(machine.runAsRoot(['dpkg', '--configure', '-a'], options), options);
  const again = await unlessAborted(machine.runAsRoot(install, options), options);
  if (again !== undefined && !programs.every((program) => machine.has(program))) throw again;
};

/** Returns an error as a value; an abort still throws. */
const unlessAborted = async (work: Promise<void>, { signal }: RunOptions): Promise<unknown> => {
  try {
    return await work;
  } catch (error) {
    signal?.throwIfAborted();
    return error;
  }
};

export const daemonLog = '/var/log/dockerd.log';

/** Starts the daemon, by systemd or else in the background, and waits until it answers. */
export const startEngine = async (machine: Machine, docker: Containers, options: RunOptions): Promise<void> => {
  if (machine.hasSystemd) await machine.runAsRoot(['systemctl', 'enable', '--now', 'docker'], options);
  else {
    await mountCgroups(machine, options);
    await machine.startDaemon(['dockerd'], daemonLog);
  }
  const answers = async () => {
    const error = await docker.engine(options.signal).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    // The engine runs, but this user may not use it yet. The next step changes that.
    if (error === undefined || (error instanceof LabError && error.code === 'LAB_DOCKER_PERMISSION')) return done(true);
    return notYet(messageOf(error));
  };
  try {
    await eventually('Docker answers', answers, {
      timeoutMs: 60_000,
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw await notStarted(machine, cause);
  }
};

/** Mounts the cgroup file systems. An init system does this at boot, and dockerd does not start without them. */
const mountCgroups = async (machine: Machine, options: RunOptions): Promise<void> => {
  if (/ cgroup2? /.test((await machine.read('/proc/mounts')) ?? '')) return;
  const program = 'cgroupfs-mount';
  await installPackages(machine, { packages: [program], programs: [program] }, options);
  await machine.runAsRoot([program], options);
};

/** Adds the user to the group docker, and gives access to the socket until the next login. */
export const permitEngine = async (machine: Machine, docker: Containers, options: RunOptions): Promise<string> => {
  await machine.runAsRoot(['usermod', '-aG', 'docker', machine.user], options);
  // The group takes effect at the next login. Until then, an access control list lets this user in.
  await unlessAborted(permitSocket(machine, options), options);
  try {
    await docker.engine(options.signal);
    return `${machine.user} is now in the group docker`;
  } catch (cause) {
    throw new LabError(
      'LAB_SETUP_LOGIN',
      `${machine.user} is now in the group docker, but the group takes effect at the next login`,
      {
        cause,
        hint: 'Log out and in again (or run `newgrp docker`), then run `labs setup` again.',
      },
    );
  }
};

const permitSocket = async (machine: Machine, options: RunOptions): Promise<void> => {
  if (!machine.has('setfacl')) await installPackages(machine, { packages: ['acl'], programs: ['setfacl'] }, options);
  await machine.runAsRoot(['setfacl', '-m', `u:${machine.user}:rw`, systemSocket], options);
};

const notStarted = async (machine: Machine, cause: unknown): Promise<LabError> => {
  const log = machine.hasSystemd ? undefined : await machine.read(daemonLog);
  const tail = log
    ?.trim()
    .split('\n')
    .filter((line) => /level=(error|fatal)|failed|panic/i.test(line))
    .slice(-3)
    .join('\n');
  return new LabError('LAB_SETUP_DOCKER', `Docker was started but does not answer${tail ? `:\n${tail}` : ''}`, {
    cause,
    hint: machine.hasSystemd ? 'Read its log with `journalctl -u docker`.' : `Read its log, ${daemonLog}.`,
  });
};
