// kube-apiserver's flags. Names and help texts follow Kubernetes; only `data-dir` has no original.
import type { FlagSpecs } from '../component/flags.ts';

export const flagSpecs = {
  'advertise-address': {
    type: 'string',
    help: 'The IP address on which to advertise the apiserver to members of the cluster.',
  },
  'bind-address': { type: 'string', default: '0.0.0.0', help: 'The IP address on which to listen.' },
  'secure-port': { type: 'int', default: '6443', help: 'The port on which to serve HTTPS.' },
  'tls-cert-file': { type: 'string', help: 'File containing the x509 certificate for HTTPS.' },
  'tls-private-key-file': { type: 'string', help: 'File containing the x509 private key matching --tls-cert-file.' },
  'client-ca-file': {
    type: 'string',
    help: 'Requests with a client certificate signed by one of the authorities in this file are authenticated by its CommonName.',
  },
  'kubelet-client-certificate': { type: 'string', help: 'Path to a client cert file for TLS to kubelets.' },
  'kubelet-client-key': { type: 'string', help: 'Path to a client key file for TLS to kubelets.' },
  'kubelet-certificate-authority': {
    type: 'string',
    help: 'Path to a cert file for the certificate authority of kubelets.',
  },
  'service-account-signing-key-file': {
    type: 'string',
    help: 'Path to the private key that signs service account tokens. By default, a new key in the data folder.',
  },
  'service-account-key-file': {
    type: 'list',
    help: 'Files with keys that also verify service account tokens, in addition to the signing key.',
  },
  'service-account-issuer': {
    type: 'string',
    default: 'https://kubernetes.default.svc.cluster.local',
    help: 'Identifier of the issuer of service account tokens, in the claim "iss".',
  },
  'api-audiences': {
    type: 'list',
    help: 'Identifiers of the API. Tokens for the API name one of them as audience. By default, the issuer.',
  },
  'service-cluster-ip-range': {
    type: 'string',
    default: '10.0.0.0/24',
    help: 'A CIDR notation IP range from which to assign service cluster IPs. It must not overlap with any IP ranges assigned to nodes or pods.',
  },
  'service-node-port-range': {
    type: 'string',
    default: '30000-32767',
    help: 'A port range to reserve for services with NodePort visibility.',
  },
  'data-dir': { type: 'string', default: '/var/lib/kube-apiserver', help: 'The folder of the revision log (SQLite).' },
  v: { type: 'int', short: 'v', default: '0', help: 'number for the log level verbosity' },
  help: { type: 'boolean', short: 'h', default: 'false', help: 'help for kube-apiserver' },
} as const satisfies FlagSpecs;
