// kubeconfig files: which server, which authority to trust, and who we are.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';

/** Where the API server is and how to prove who we are. Certificates and keys are PEM. */
export interface ServerConfig {
  /** `https://192.168.56.10:6443` */
  readonly server: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
  /** The name that the server's certificate must bear, when it isn't the one in `server`. */
  readonly serverName?: string;
  readonly insecure?: boolean;
}

interface Named {
  name?: string;
}
interface KubeconfigFile {
  'current-context'?: string;
  clusters?: (Named & { cluster?: Record<string, unknown> })[];
  users?: (Named & { user?: Record<string, unknown> })[];
  contexts?: (Named & { context?: { cluster?: string; user?: string } })[];
}

/**
 * Reads the current context of a kubeconfig; certificates may be embedded (`…-data`) or files beside it.
 * @throws Error naming the file and what is missing in it
 */
export const loadKubeconfig = (path: string): ServerConfig => {
  const config = parse(readFileSync(path, 'utf8')) as KubeconfigFile | null;
  const wanted = config?.['current-context'];
  const context = config?.contexts?.find(({ name }) => name === wanted)?.context;
  if (!context) throw new Error(`${path}: no context "${wanted ?? ''}"`);
  const cluster = config?.clusters?.find(({ name }) => name === context.cluster)?.cluster;
  if (!cluster) throw new Error(`${path}: no cluster "${context.cluster ?? ''}"`);
  const user = config?.users?.find(({ name }) => name === context.user)?.user ?? {};
  const server = cluster.server;
  if (typeof server !== 'string') throw new Error(`${path}: cluster "${context.cluster ?? ''}" has no server`);
  const folder = dirname(path);
  return {
    server: server.replace(/\/+$/, ''),
    ...optional('ca', pem(folder, cluster, 'certificate-authority')),
    ...optional('cert', pem(folder, user, 'client-certificate')),
    ...optional('key', pem(folder, user, 'client-key')),
    ...optional('token', tokenOf(folder, user)),
    ...optional('serverName', text(cluster['tls-server-name'])),
    ...(cluster['insecure-skip-tls-verify'] === true ? { insecure: true } : {}),
  };
};

const optional = <K extends string>(key: K, value: string | undefined): { [P in K]?: string } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]: string });

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const pem = (folder: string, section: Record<string, unknown>, field: string): string | undefined => {
  const embedded = text(section[`${field}-data`]);
  if (embedded !== undefined) return Buffer.from(embedded, 'base64').toString('utf8');
  const file = text(section[field]);
  return file === undefined ? undefined : readFileSync(resolve(folder, file), 'utf8');
};

const tokenOf = (folder: string, user: Record<string, unknown>): string | undefined => {
  const file = text(user.tokenFile);
  return text(user.token) ?? (file === undefined ? undefined : readFileSync(resolve(folder, file), 'utf8').trim());
};
