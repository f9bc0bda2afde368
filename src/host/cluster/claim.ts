// Only one `labs start` at a time may change a cluster. The agent that this start runs in the fabric holds the claim.
// The claim ends with the agent.
import { LabError } from '../../kit/error.ts';
import type { Fabric } from './fabric.ts';

/**
 * @returns whether a start of this cluster has ever finished
 * @throws LabError LAB_BUSY when another start holds the claim
 */
export const claimCluster = async (fabric: Fabric, cluster: string, signal: AbortSignal): Promise<boolean> => {
  const { claimed, completed } = await fabric.call('claim', {}, { signal });
  if (!claimed) throw busy(cluster);
  return completed;
};

export const busy = (cluster: string, cause?: unknown): LabError =>
  new LabError('LAB_BUSY', `Another \`labs start\` is changing ${cluster} now`, {
    cause,
    hint: 'Wait until it ends, or start a second lab with `--name`.',
  });
