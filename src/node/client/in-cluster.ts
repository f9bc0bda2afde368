// Finds the API server from inside a pod. The environment names the server; the service account's volume has the token
// and the CA.
import { existsSync, readFileSync } from 'node:fs';
import type { ServerConfig } from './kubeconfig.ts';

const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * @param folder the mount point of the service account's volume
 * @returns undefined outside of a pod
 */
export const inClusterConfig = (
  environment: Readonly<Record<string, string | undefined>>,
  folder: string = serviceAccount,
): ServerConfig | undefined => {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  if (!host || !port || !existsSync(`${folder}/token`)) return undefined;
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    tokenFile: `${folder}/token`,
    ca: readFileSync(`${folder}/ca.crt`, 'utf8'),
  };
};
