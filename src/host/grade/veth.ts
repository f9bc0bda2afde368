// Finds the two ends of a pod's cable among the interfaces that the kernel reports.
import type { LinkFact } from '../../api/facts.ts';

/** The node's interface that is the other end of the pod's eth0. Undefined if the pod is not wired to the node. */
export const nodeEndOf = (inPod: readonly LinkFact[], onNode: readonly LinkFact[]): LinkFact | undefined => {
  const peer = inPod.find(({ name }) => name === 'eth0')?.peerIndex;
  return onNode.find(({ ifindex, kind }) => kind === 'veth' && ifindex === peer);
};
