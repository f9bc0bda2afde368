// authentication.k8s.io/v1: requests for tokens of service accounts.
import type { KubeObject } from './meta.ts';

export interface TokenRequest extends KubeObject {
  spec: {
    audiences?: string[];
    expirationSeconds?: number;
    /** The token is valid as long as this object exists. */
    boundObjectRef?: { kind?: string; apiVersion?: string; name?: string; uid?: string };
  };
  status?: { token: string; expirationTimestamp: string };
}
