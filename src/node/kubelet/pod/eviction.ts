// Evicts pods that use more of the node's disk than they may: an emptyDir above its `sizeLimit`, or containers above
// their limits of `ephemeral-storage`.
import type { Pod } from '../../../api/core-pods.ts';
import { wholeUnits } from '../../../api/quantity.ts';
import { diskUsage } from '../../sys/disk-usage.ts';
import { volumePath } from '../container/volumes.ts';
import { minimumGraceMs } from './plan-builder.ts';
import type { Failure } from './view.ts';
import type { PodWorker } from './worker.ts';
import type { WorkerDeps } from './worker-deps.ts';

export interface StorageWatch {
  readonly workers: ReadonlyMap<string, PodWorker>;
  readonly deps: Pick<WorkerDeps, 'runtime' | 'podsFolder' | 'logger'>;
  readonly signal: AbortSignal;
}

/** As the original kubelet's eviction manager. Only pods with such limits are measured. */
const lookMs = 10_000;

export const watchStorage = ({ workers, deps, signal }: StorageWatch): void => {
  // One look after the other, because measuring a large folder may take longer than the interval.
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      await lookOnce();
    } finally {
      looking = false;
    }
  };
  const lookOnce = async (): Promise<void> => {
    for (const worker of workers.values()) {
      const message = worker.isActive ? await excess(worker.pod, deps) : undefined;
      if (message) worker.fail(evictionFor(message));
    }
  };
  const timer = setInterval(
    () => void look().catch((error) => deps.logger.error('Measuring the disk usage of pods failed', error)),
    lookMs,
  );
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
};

const evictionFor = (message: string): Failure => ({
  reason: 'Evicted',
  message,
  event: message,
  isDisruption: true,
  graceMs: minimumGraceMs,
});

type Usage = Pick<StorageWatch['deps'], 'runtime' | 'podsFolder'>;

/** @returns why the pod must go; undefined if it may stay */
export const excess = async (pod: Pod, { runtime, podsFolder }: Usage): Promise<string | undefined> => {
  let onDisk = 0;
  const limits = pod.spec.containers.map(({ resources }) => resources?.limits?.['ephemeral-storage']);
  const isLimited = limits.some((limit) => limit !== undefined);
  for (const volume of pod.spec.volumes ?? []) {
    const { medium, sizeLimit } = volume.emptyDir ?? {};
    if (!volume.emptyDir || medium === 'Memory' || (!sizeLimit && !isLimited)) continue;
    const used = await diskUsage([volumePath(podsFolder, pod, volume)]);
    onDisk += used;
    if (sizeLimit && used > wholeUnits(sizeLimit)) {
      return `Usage of EmptyDir volume "${volume.name}" exceeds the limit "${sizeLimit}". `;
    }
  }
  if (!isLimited) return undefined;
  for (const { pod: owner, id, name, exit } of runtime.containers()) {
    if (owner.uid !== pod.metadata.uid || exit) continue;
    const limit = pod.spec.containers.find((one) => one.name === name)?.resources?.limits?.['ephemeral-storage'];
    const used = await runtime.diskUsage(id);
    onDisk += used;
    if (limit && used > wholeUnits(limit)) {
      return `Container ${name} exceeded its local ephemeral storage limit "${limit}". `;
    }
  }
  const total = limits.reduce((sum, limit) => sum + wholeUnits(limit), 0);
  const isOver = limits.every((limit) => limit !== undefined) && onDisk > total;
  return isOver ? `Pod ephemeral local storage usage exceeds the total limit of containers ${total}. ` : undefined;
};
