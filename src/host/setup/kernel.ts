// Tries the kernel features that labs needs: first as the fabric, which is root of the engine's machine, then as root
// of a node. The container is removed afterwards.
import type { QueueKind } from '../../api/wiring.ts';
import { LabError, messageOf } from '../../kit/error.ts';
import { UndoStack } from '../../kit/undo.ts';
import type { ContainerSpec, Containers } from '../docker/port.ts';
import { helperName } from '../image/helper.ts';
import { imageLabels } from '../image/names.ts';
import { rootFolder, stateFolder } from '../plan/boot.ts';
import { rootVolume } from '../plan/names.ts';
import { fabricCapabilities, fabricPrivileges, loopDevices, machinePrivileges } from '../plan/privileges.ts';
import { isolationProbes, probeIds, userNamespace } from './isolation-probes.ts';
import { linkProbes, nodeProbes, queueProbes, vethProbe } from './node-probes.ts';
import { gibibyte, type KernelProbe, type Probe } from './probe.ts';
import { settingsProbes, settingsScript } from './settings.ts';

const fabricProbes: readonly KernelProbe[] = [...isolationProbes, ...linkProbes];

/** In the order in which they run. */
export const kernelProbes: readonly KernelProbe[] = [...fabricProbes, ...nodeProbes];

/** Each line with a result begins with this mark, which no program prints. */
const mark = '@labs@';

const measurements = `
echo "${mark} disk $(df -B1 --output=avail / | tail -1)"
echo "${mark} inotify $(cat /proc/sys/fs/inotify/max_user_instances)"
${settingsScript(mark)}`;

const probeScript = ({ script }: KernelProbe, index: number): string =>
  `if out=$( { ${script}
} 2>&1 ); then echo "${mark} ${index} yes"
else echo "${mark} ${index} no $(echo "$out" | grep -v 'dmesg(1)' | tail -1)"; fi\n`;

/**
 * Runs its first argument in namespaces like those of a node. Where no user namespace can be made, the rest shows what
 * works with --unsafe-nodes.
 */
const asNode = `
mkdir -p /whole/proc /whole/sys
mount -t proc proc /whole/proc
mount -t sysfs -o ro sysfs /whole/sys
as=
if mountpoint -q ${userNamespace}; then as="nsenter --user=${userNamespace} --"; fi
$as unshare --mount --pid --net --ipc --uts --cgroup --fork --kill-child sh -c "$1"
`;

const nodeScript = `
export LIBMOUNT_FORCE_MOUNT2=always
cd /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
${nodeProbes.map((probe, index) => probeScript(probe, fabricProbes.length + index)).join('')}`;

/** Runs all kernel probes. */
export const probeKernel = async (
  docker: Containers,
  image: string,
  signal?: AbortSignal,
): Promise<readonly Probe[]> => {
  const script = fabricProbes.map(probeScript).join('') + measurements + asNode;
  const output = await inFabric(docker, image, ['sh', '-c', script, 'sh', nodeScript], signal);
  return typeof output === 'string' ? [...readAnswers(output), await containerProbe(docker, image, signal)] : [output];
};

/** Of these queues, those that the kernel lacks. A container that does not start is no answer about the kernel. */
export const missingQueues = async (
  docker: Containers,
  image: string,
  queues: readonly QueueKind[],
  signal?: AbortSignal,
): Promise<readonly QueueKind[]> => {
  const probes = [vethProbe, ...queues.map((queue) => queueProbes[queue])];
  const output = await inFabric(docker, image, ['sh', '-c', probes.map(probeScript).join('')], signal);
  if (typeof output !== 'string') return [];
  const answers = answersIn(output);
  return queues.filter((_, index) => answers.get(String(index + 1)) !== 'yes');
};

/** Runs a command in a container with the fabric's rights. @returns its output, or why no container starts */
const inFabric = async (
  docker: Containers,
  image: string,
  command: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string | Probe> => {
  const name = helperName();
  await using undo = new UndoStack();
  undo.push('remove the probing container', () => docker.remove(name));
  try {
    await docker.create(
      {
        ...container(name, image),
        ...fabricPrivileges,
        pidMode: 'host',
        cgroupNamespace: 'host',
        deviceRules: loopDevices,
        tmpfs: { '/run': 'exec', '/tmp': 'exec' },
        mounts: [{ source: rootVolume(image), path: rootFolder, readOnly: true }],
        anonymousVolumes: [stateFolder],
      },
      signal,
    );
    await docker.start(name, signal);
  } catch (error) {
    signal?.throwIfAborted();
    return refusedContainer(error);
  }
  const { stdout } = await docker.exec(name, { command, ...(signal ? { signal } : {}) });
  return stdout;
};

const container = (name: string, image: string): ContainerSpec => ({
  name,
  image,
  network: 'none',
  command: ['sleep', '600'],
  userNamespace: 'host',
  labels: { [imageLabels.helper]: new Date().toISOString() },
});

/** The container around a node, without rights and with a filter of system calls. */
const containerProbe = async (docker: Containers, image: string, signal: AbortSignal | undefined): Promise<Probe> => {
  const name = helperName();
  await using undo = new UndoStack();
  undo.push('remove the probing container', () => docker.remove(name));
  try {
    await docker.create({ ...container(name, image), ...machinePrivileges(probeIds) }, signal);
    await docker.start(name, signal);
    return { name: 'seccomp', status: 'ok', detail: 'works' };
  } catch (error) {
    signal?.throwIfAborted();
    return {
      name: 'seccomp',
      status: 'failure',
      detail: messageOf(error),
      remedy:
        'A filter of system calls keeps root of a node from parts of the kernel. ' +
        'Use a kernel with CONFIG_SECCOMP_FILTER, and an engine that allows the options `seccomp` and `no-new-privileges`.',
    };
  }
};

/** Parses the container's output into probes. */
export const readAnswers = (output: string): readonly Probe[] => {
  const answers = answersIn(output);
  return [
    { name: 'capabilities', status: 'ok', detail: fabricCapabilities.join(', ') },
    ...kernelProbes.map((probe, index) => kernelAnswer(probe, answers.get(String(index)))),
    ...settingsProbes(answers),
    diskProbe(Number(answers.get('disk') ?? Number.NaN)),
    inotifyProbe(Number(answers.get('inotify') ?? Number.NaN)),
  ];
};

const answersIn = (output: string): ReadonlyMap<string, string> => {
  const answers = new Map<string, string>();
  for (const line of output.split('\n')) {
    const [, key = '', value = ''] = /^@labs@ (\S+) ?(.*)$/.exec(line) ?? [];
    if (key !== '') answers.set(key, value.trim());
  }
  return answers;
};

const kernelAnswer = ({ name, otherwise, remedy }: KernelProbe, answer: string | undefined): Probe => {
  if (answer === 'yes') return { name, status: 'ok', detail: 'works' };
  const said = answer?.replace(/^no ?/, '') || 'does not work';
  return { name, status: otherwise, detail: said, remedy };
};

const diskProbe = (bytes: number): Probe => {
  const detail = `${(bytes / gibibyte).toFixed(1)} GiB free for Docker`;
  if (bytes >= 2 * gibibyte) return { name: 'disk', status: 'ok', detail };
  const status = bytes >= 0.5 * gibibyte ? 'warning' : 'failure';
  return { name: 'disk', status, detail, remedy: 'Free 2 GB. `docker system df` shows what uses the space.' };
};

const inotifyProbe = (instances: number): Probe => {
  const detail = `${instances} instances per user`;
  if (instances >= 128) return { name: 'inotify', status: 'ok', detail };
  return {
    name: 'inotify',
    status: 'warning',
    detail,
    remedy: 'Run `sudo sysctl fs.inotify.max_user_instances=512`. Otherwise nodes may fail with "too many open files".',
  };
};

const refusedContainer = (error: unknown): Probe => ({
  name: 'capabilities',
  status: 'failure',
  detail: messageOf(error),
  remedy:
    error instanceof LabError && error.code === 'LAB_DISK_FULL'
      ? (error.hint ?? 'Free some space.')
      : `Use a Docker engine that allows the capabilities ${fabricCapabilities.join(', ')} and pid=host.`,
});
