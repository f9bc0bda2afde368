// Reads the facts about the machine for the node status: processors, memory, disk, kernel, versions.
import { readFile, statfs } from 'node:fs/promises';
import { arch, cpus, release, totalmem } from 'node:os';
import { run } from '../../sys/exec.ts';
import type { MachineFacts } from './status.ts';

export const readMachine = async (
  options: Pick<MachineFacts, 'name' | 'ip' | 'maxPods' | 'port'> & {
    readonly rootFolder: string;
    /** The node is a container. Its memory limit, if there is one, is the node's memory. */
    readonly memoryLimit: number | undefined;
  },
): Promise<MachineFacts> => {
  const { rootFolder, memoryLimit = Number.POSITIVE_INFINITY, ...rest } = options;
  const [machineId, bootId, osRelease, disk, crun] = await Promise.all([
    text('/etc/machine-id'),
    text('/proc/sys/kernel/random/boot_id'),
    text('/etc/os-release'),
    statfs(rootFolder),
    run(['crun', '--version']).catch(() => ({ stdout: '' })),
  ]);
  return {
    ...rest,
    cpus: cpus().length,
    memoryBytes: Math.min(memoryLimit, totalmem()),
    diskBytes: disk.blocks * disk.bsize,
    machineId: machineId.trim(),
    bootId: bootId.trim(),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(osRelease)?.[1] ?? 'Linux',
    architecture: arch() === 'x64' ? 'amd64' : arch(),
    runtimeVersion: /crun version (\S+)/.exec(crun.stdout)?.[1] ?? 'unknown',
  };
};

const text = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
