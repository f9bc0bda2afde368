// A control group per pod, so that `systemctl stop kubelet` and `systemctl status kubelet` see the kubelet alone, not its pods.
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const root = '/sys/fs/cgroup/kubepods';

/** Best effort: a node without a writable cgroup2 runs pods all the same. */
export const moveToPodGroup = async (podUid: string, pids: readonly number[]): Promise<void> => {
  const group = join(root, `pod${podUid}`);
  try {
    await mkdir(group, { recursive: true });
    for (const pid of pids) await writeFile(join(group, 'cgroup.procs'), String(pid));
  } catch {
    // The processes stay in the kubelet's own group.
  }
};

export const removePodGroup = async (podUid: string): Promise<void> => {
  await rmdir(join(root, `pod${podUid}`)).catch(() => {});
};
