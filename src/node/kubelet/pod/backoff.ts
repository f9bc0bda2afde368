// The pause before a container starts again. Pure.
import type { Container, Pod } from '../../../api/core-pods.ts';
import { formatGoDuration } from '../../../kit/duration.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';

/** The back-off doubles from 10 s to 5 min. It starts again from 0 after a container ran for 10 min. */
export const restartBackoff = { firstMs: 10_000, maxMs: 300_000, resetMs: 600_000 } as const;

/** @returns the pause between the end of this run and the next run, in milliseconds */
export const pauseAfter = ({ exit, startedAt, backoffMs }: ContainerRecord): number => {
  const ranLong = Date.parse(exit?.finishedAt ?? '') - Date.parse(startedAt) > restartBackoff.resetMs;
  return ranLong ? 0 : backoffMs;
};

/** @returns the pause that follows the next run */
export const nextPause = (pauseMs: number): number =>
  pauseMs === 0 ? restartBackoff.firstMs : Math.min(pauseMs * 2, restartBackoff.maxMs);

export const backoffMessage = ({ metadata }: Pod, container: Container, pauseMs: number): string => {
  const { name, namespace = 'default', uid = '' } = metadata;
  const pause = formatGoDuration(Math.round(pauseMs / 1000) * 1000);
  return `back-off ${pause} restarting failed container=${container.name} pod=${name}_${namespace}(${uid})`;
};
