// networking.k8s.io/v1: the ranges of service addresses, and the addresses that are in use.
import type { Condition, KubeObject } from './meta.ts';

export interface ServiceCIDR extends KubeObject {
  spec?: { cidrs?: string[] };
  status?: { conditions?: Condition[] };
}

/** Its name is the address. */
export interface IPAddress extends KubeObject {
  spec?: { parentRef?: { group?: string; resource?: string; namespace?: string; name?: string } };
}

/** The service range of --service-cluster-ip-range. */
export const defaultServiceCidr = 'kubernetes';
