// The time at which the kubelet ends a pod that has been active for too long (activeDeadlineSeconds). Pure.
import type { Pod } from '../../../api/core-pods.ts';
import type { Failure } from './view.ts';

const message = 'Pod was active on the node longer than the specified deadline';

export const deadlineExceeded: Failure = { reason: 'DeadlineExceeded', message, event: message, type: 'Normal' };

/**
 * Counts from the start time that the API server has.
 * @returns milliseconds since the epoch; undefined for a pod without a deadline
 */
export const deadlineOf = ({ spec, status, metadata }: Pod): number | undefined => {
  const { activeDeadlineSeconds: seconds } = spec;
  if (seconds === undefined || !status?.startTime || metadata.deletionTimestamp !== undefined) return undefined;
  return Date.parse(status.startTime) + seconds * 1000;
};
