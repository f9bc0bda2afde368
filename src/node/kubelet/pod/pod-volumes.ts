// The volumes of one pod: sets them up before the pod starts, and keeps their files up to date while the pod runs.
import type { Pod } from '../../../api/core-pods.ts';
import { VolumeError } from '../container/volume-error.ts';
import { syncVolumes } from '../container/volumes.ts';
import type { WorkerDeps } from './worker-deps.ts';

export interface PodVolumes {
  /** @returns false while a volume cannot be set up, for example because its ConfigMap is missing */
  sync(pod: Pod): Promise<boolean>;
}

type VolumeDeps = Pick<WorkerDeps, 'sources' | 'podsFolder' | 'allocatable' | 'events'>;

export const createPodVolumes = ({ sources, podsFolder, allocatable, events }: VolumeDeps): PodVolumes => {
  let ready = false;
  return {
    async sync(pod) {
      try {
        await syncVolumes(podsFolder, { pod, allocatable, sources: await sources.load(pod) });
        ready = true;
      } catch (error) {
        if (!(error instanceof VolumeError)) throw error;
        // A running pod keeps its files when the ConfigMap or Secret is deleted.
        if (!ready) events.pod(pod, 'Warning', 'FailedMount', error.message);
      }
      return ready;
    },
  };
};
