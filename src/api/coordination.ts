// coordination.k8s.io/v1: Lease, which a kubelet renews to show that it is alive (KEP-589).
import type { KubeObject } from './meta.ts';

export interface Lease extends KubeObject {
  spec?: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    /** RFC 3339 with microseconds. */
    renewTime?: string;
    leaseTransitions?: number;
  };
}
