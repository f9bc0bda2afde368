// Gives each pod a control group. `systemctl stop kubelet` then does not stop the pods, and `systemctl status` does not
// show them.
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const root = '/sys/fs/cgroup/kubepods';

/** Does nothing on a node without a writable cgroup2. Pods also run without their own group. */
export const moveToPodGroup = async (podUid: string, pids: readonly number[]): Promise<void> => {
  const group = join(root, `pod${podUid}`);
  try {
    await mkdir(group, { recursive: true });
    for (const pid of pids) await writeFile(join(group, 'cgroup.procs'), String(pid));
  } catch {
    // The processes stay in the kubelet's group.
  }
};

export const removePodGroup = async (podUid: string): Promise<void> => {
  await rmdir(join(root, `pod${podUid}`)).catch(() => {});
};
