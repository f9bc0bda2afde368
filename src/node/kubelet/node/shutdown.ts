// The node goes down: programs that would only sit out systemd's patience are ended at once, which saves each stop two seconds.
import { readFile } from 'node:fs/promises';
import { run } from '../../sys/exec.ts';
import type { Runtime } from '../runtime/runtime.ts';

/**
 * Ends containers whose first process has no handler for SIGTERM, which the kernel then keeps from it: `sleep 1000` would be
 * killed two seconds later anyway. Those that have one are asked by systemd, and have time. Does nothing when only the kubelet
 * stops.
 */
export const endDeafContainers = async (runtime: Pick<Runtime, 'containers' | 'signal'>): Promise<void> => {
  const { stdout } = await run(['systemctl', 'is-system-running'], { timeoutMs: 1000 });
  if (stdout.trim() !== 'stopping') return;
  const running = runtime.containers().filter(({ exit }) => !exit);
  await Promise.all(
    running.map(async ({ id, pid }) => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      if (isDeaf(status)) await runtime.signal(id, 'KILL').catch(() => {});
    }),
  );
};

/** Whether a process catches no SIGTERM, by its /proc/<pid>/status. */
export const isDeaf = (status: string): boolean => {
  const caught = /^SigCgt:\s*([0-9a-f]+)/m.exec(status)?.[1];
  return caught !== undefined && ((BigInt(`0x${caught}`) >> 14n) & 1n) === 0n;
};
