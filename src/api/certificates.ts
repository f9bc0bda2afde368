// certificates.k8s.io/v1: CertificateSigningRequest, by which a client gets a certificate of the cluster.
import type { Condition, KubeObject } from './meta.ts';

export interface CertificateSigningRequest extends KubeObject {
  spec: {
    /** base64 of PEM. */
    request: string;
    signerName: string;
    expirationSeconds?: number;
    usages?: string[];
    username?: string;
    uid?: string;
    groups?: string[];
    extra?: Record<string, string[]>;
  };
  status?: {
    conditions?: SigningCondition[];
    /** base64 of PEM. */
    certificate?: string;
  };
}

export interface SigningCondition extends Condition {
  type: 'Approved' | 'Denied' | 'Failed' | (string & {});
  lastUpdateTime?: string;
}

/** The only signer of a lab: its certificates identify clients of the API server. */
export const clientSigner = 'kubernetes.io/kube-apiserver-client';
