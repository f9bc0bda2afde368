// One `labs start` at a time may work on a cluster; the claim is held by its agent in the fabric, and ends with it.
import { LabError } from '../../kit/error.ts';
import type { Fabric } from './fabric.ts';

/**
 * @returns whether a start of this cluster ever came to its end
 * @throws LabError LAB_BUSY when another start holds the claim
 */
export const claimCluster = async (fabric: Fabric, cluster: string, signal: AbortSignal): Promise<boolean> => {
  const { claimed, completed } = await fabric.call('claim', {}, { signal });
  if (!claimed) throw busy(cluster);
  return completed;
};

export const busy = (cluster: string, cause?: unknown): LabError =>
  new LabError('LAB_BUSY', `Another \`labs start\` is at work on ${cluster} right now`, {
    cause,
    hint: 'Wait for it to end, or start a second lab with `--name`.',
  });
