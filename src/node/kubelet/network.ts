// Which address a pod should get again after its node restarted. Pure.
import type { Pod } from '../../api/core.ts';
import { cidrContains, parseCidr, parseIpv4 } from '../../api/scalars.ts';

/** The pod's last address, when it lies in the node's pod network. */
export const preferredIp = (pod: Pod, podCidr: string | undefined): string | undefined => {
  const { podIP } = pod.status ?? {};
  if (podIP === undefined || podCidr === undefined) return undefined;
  try {
    return cidrContains(parseCidr(podCidr), parseIpv4(podIP)) ? podIP : undefined;
  } catch {
    return undefined;
  }
};
