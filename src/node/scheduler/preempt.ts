// Preemption: which pods of lower priority must go so that a pod fits on a node. Pure.
import type { Pod } from '../../api/core-pods.ts';
import { type Refusal, refuse } from './filter.ts';
import { type NodeInfo, type Snapshot, withPods } from './snapshot.ts';

/** A node on which the pod fits after the victims are gone. */
export interface Candidate {
  readonly info: NodeInfo;
  readonly victims: readonly Pod[];
}

export interface Verdict {
  readonly info: NodeInfo;
  readonly refusal: Refusal;
}

/** The best candidate, or a sentence that says why no deletion helps. */
export const preempt = (pod: Pod, snapshot: Snapshot, verdicts: readonly Verdict[]): Candidate | string => {
  if (pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  if (waitsForVictims(pod, snapshot)) return 'not eligible due to a terminating pod on the nominated node.';
  const outcomes = verdicts.map(({ info, refusal }) =>
    refusal.preemptible ? candidateOn(pod, info, snapshot) : { reasons: ['Preemption is not helpful for scheduling'] },
  );
  const [best] = outcomes.filter((outcome) => 'victims' in outcome).sort(byDamage);
  if (best) return best;
  const reasons = outcomes.flatMap((outcome) => ('reasons' in outcome ? outcome.reasons : []));
  return `0/${verdicts.length} nodes are available: ${histogram(reasons)}.`;
};

/** `2 Insufficient cpu, 1 node(s) were unschedulable`, sorted as in the original's messages. */
export const histogram = (reasons: readonly string[]): string => {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ');
};

const priorityOf = ({ spec }: Pod): number => spec.priority ?? 0;
const startOf = ({ metadata, status }: Pod): string => status?.startTime ?? metadata.creationTimestamp ?? '';
const isLower = (other: Pod, pod: Pod): boolean => priorityOf(other) < priorityOf(pod);

/** The victims of an earlier preemption are still ending. */
const waitsForVictims = (pod: Pod, { nodes }: Snapshot): boolean => {
  const nominated = nodes.find(({ node }) => node.metadata.name === pod.status?.nominatedNodeName);
  return nominated?.pods.some((other) => other.metadata.deletionTimestamp && isLower(other, pod)) ?? false;
};

/** Takes all pods of lower priority away, and lets as many of them stay as possible, the most important ones first. */
const candidateOn = (pod: Pod, info: NodeInfo, snapshot: Snapshot): Candidate | Pick<Refusal, 'reasons'> => {
  const lower = info.pods.filter((other) => isLower(other, pod));
  if (lower.length === 0) return { reasons: ['No preemption victims found for incoming pod'] };
  const refusalWith = (pods: readonly Pod[]): Refusal | undefined => {
    const changed = withPods(info, pods);
    const nodes = snapshot.nodes.map((other) => (other === info ? changed : other));
    return refuse(pod, changed, { ...snapshot, nodes });
  };
  let kept = info.pods.filter((other) => !lower.includes(other));
  const refusal = refusalWith(kept);
  if (refusal) return { reasons: refusal.reasons };
  const victims: Pod[] = [];
  for (const other of lower.sort(byImportance)) {
    if (refusalWith([...kept, other])) victims.push(other);
    else kept = [...kept, other];
  }
  return { info, victims };
};

/** Higher priority first, then the older pod. */
const byImportance = (a: Pod, b: Pod): number =>
  priorityOf(b) - priorityOf(a) || (startOf(a) < startOf(b) ? -1 : startOf(a) > startOf(b) ? 1 : 0);

/** The least harm first: the highest priority among the victims, their sum, their number, the younger victims. */
const byDamage = (a: Candidate, b: Candidate): number => {
  const highest = ({ victims }: Candidate): number => Math.max(...victims.map(priorityOf));
  const sum = ({ victims }: Candidate): number => victims.reduce((total, victim) => total + priorityOf(victim), 0);
  const oldest = ({ victims }: Candidate): string => startOf([...victims].sort(byImportance)[0] as Pod);
  return (
    highest(a) - highest(b) ||
    sum(a) - sum(b) ||
    a.victims.length - b.victims.length ||
    (oldest(a) > oldest(b) ? -1 : oldest(a) < oldest(b) ? 1 : 0)
  );
};
