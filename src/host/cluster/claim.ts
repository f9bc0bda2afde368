// Only one `labs start` at a time may change a cluster. The agent that this start runs in the fabric holds the claim.
// The claim ends with the agent.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ClaimOwner } from '../../api/fabric.ts';
import { LabError } from '../../kit/error.ts';
import type { Fabric } from './fabric.ts';

/**
 * Takes the claim over from a start whose process is dead.
 * @returns whether a start of this cluster has ever finished
 * @throws LabError LAB_BUSY when another start holds the claim
 */
export const claimCluster = async (fabric: Fabric, cluster: string, signal: AbortSignal): Promise<boolean> => {
  const owner = thisProcess();
  const asked = await fabric.call('claim', { owner }, { signal });
  const answer = isDead(asked.owner) ? await fabric.call('claim', { owner, takeOver: true }, { signal }) : asked;
  if (!answer.claimed) throw busy(cluster, { owner: answer.owner });
  return answer.completed;
};

const thisProcess = (): ClaimOwner => ({
  pid: process.pid,
  host: hostname(),
  mark: markOf(process.pid) ?? '',
  since: new Date().toISOString(),
});

/** A process of another host may live. */
const isDead = (owner: ClaimOwner | undefined): boolean =>
  owner !== undefined && owner.host === hostname() && markOf(owner.pid) !== owner.mark;

/** @returns undefined if no such process runs; always empty on a system without /proc */
const markOf = (pid: number): string | undefined => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined;
  }
  if (process.platform !== 'linux') return '';
  try {
    // The name of the program, in brackets, may hold spaces. The state follows it; field 22 is the start time.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
};

export interface BusyReason {
  readonly owner?: ClaimOwner | undefined;
  readonly cause?: unknown;
}

export const busy = (cluster: string, { owner, cause }: BusyReason = {}): LabError =>
  new LabError('LAB_BUSY', `Another \`labs start\` is changing ${cluster} now${ownerText(owner)}`, {
    cause,
    refusal: true,
    hint: 'Wait until it ends, or start a second lab with `--name`.',
  });

const ownerText = (owner: ClaimOwner | undefined): string => {
  if (!owner) return '';
  const host = owner.host === hostname() ? '' : ` on ${owner.host}`;
  const since = new Date(owner.since).toTimeString().slice(0, 8);
  return `: process ${owner.pid}${host}, since ${since}`;
};
