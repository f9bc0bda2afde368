// discovery.k8s.io/v1: EndpointSlice.
import type { Protocol } from './core.ts';
import type { KubeObject, ObjectReference } from './meta.ts';

export interface EndpointSlice extends KubeObject {
  addressType: 'IPv4' | 'IPv6' | 'FQDN';
  endpoints: Endpoint[];
  ports?: EndpointPort[];
}
export interface Endpoint {
  addresses: string[];
  /** Defaults: `ready` true, `serving` as `ready`, `terminating` false. */
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
  hostname?: string;
  nodeName?: string;
  zone?: string;
  targetRef?: ObjectReference;
  hints?: { forZones?: { name: string }[]; forNodes?: { name: string }[] };
}
export interface EndpointPort {
  name?: string;
  protocol?: Protocol;
  port?: number;
  appProtocol?: string;
}

/** The label that ties a slice to its service. */
export const serviceNameLabel = 'kubernetes.io/service-name';
/** The label that names the controller which owns a slice. */
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
/**
 * The annotation with the time of the change that the slice shows (RFC 3339). kube-proxy measures its latency from this
 * time.
 */
export const lastChangeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';
