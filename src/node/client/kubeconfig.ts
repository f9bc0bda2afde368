// Reads kubeconfig files: the server, the certificate authority and the credentials.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { type ExecPlugin, readExecPlugin } from './exec-plugin.ts';

/** The API server's URL and the credentials. Certificates and keys are PEM. */
export interface ServerConfig {
  /** E.g. `https://192.168.56.10:6443`. Behind some gateways it has a path, which precedes the API's paths. */
  readonly server: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
  /** Read for each request, because tokens are rotated. */
  readonly tokenFile?: string;
  /** Read for each request. */
  readonly certFiles?: { readonly cert: string; readonly key: string };
  /** A program that prints the token or the certificate. */
  readonly exec?: ExecPlugin;
  /** The name in the server's certificate, if it differs from the host in `server`. */
  readonly serverName?: string;
  readonly insecure?: boolean;
}

interface Named {
  name?: string;
}
interface KubeconfigFile {
  'current-context'?: string;
  clusters?: (Named & { cluster?: Section })[];
  users?: (Named & { user?: Section })[];
  contexts?: (Named & { context?: { cluster?: string; user?: string } })[];
}

type Section = Readonly<Record<string, unknown>>;

/**
 * Reads the current context of a kubeconfig. Certificates are embedded (`…-data`), or files relative to the kubeconfig.
 * @throws Error with the file and the missing or unsupported field
 */
export const loadKubeconfig = (path: string): ServerConfig => {
  const config = parse(readFileSync(path, 'utf8')) as KubeconfigFile | null;
  const wanted = config?.['current-context'];
  const context = config?.contexts?.find(({ name }) => name === wanted)?.context;
  if (!context) throw new Error(`${path}: no context "${wanted ?? ''}"`);
  const cluster = config?.clusters?.find(({ name }) => name === context.cluster)?.cluster;
  if (!cluster) throw new Error(`${path}: no cluster "${context.cluster ?? ''}"`);
  const user = config?.users?.find(({ name }) => name === context.user)?.user;
  if (context.user !== undefined && context.user !== '' && !user) throw new Error(`${path}: no user "${context.user}"`);
  const { server } = cluster;
  if (typeof server !== 'string') throw new Error(`${path}: cluster "${context.cluster ?? ''}" has no server`);
  refuse(path, cluster, unsupportedInCluster);
  refuse(path, user ?? {}, unsupportedInUser);
  const folder = dirname(resolve(path));
  const where = { ...serverOf(server, folder, cluster) };
  return { ...where, ...identityOf(path, folder, user ?? {}, where, cluster) };
};

const unsupportedInCluster = { 'proxy-url': 'connections through a proxy are not supported' };
const unsupportedInUser = {
  username: 'passwords are not supported since Kubernetes 1.19; use a token or a certificate',
  'auth-provider': 'auth providers are not supported since Kubernetes 1.26; use an exec plugin',
  as: 'impersonation is not supported',
};

const refuse = (path: string, section: Section, unsupported: Readonly<Record<string, string>>): void => {
  for (const [field, reason] of Object.entries(unsupported)) {
    if (section[field] !== undefined) throw new Error(`${path}: "${field}": ${reason}`);
  }
};

const serverOf = (server: string, folder: string, cluster: Section): ServerConfig => ({
  server: server.replace(/\/+$/, ''),
  ...optional('ca', pem(folder, cluster, 'certificate-authority')),
  ...optional('serverName', text(cluster['tls-server-name'])),
  ...(cluster['insecure-skip-tls-verify'] === true ? { insecure: true } : {}),
});

const identityOf = (
  path: string,
  folder: string,
  user: Section,
  where: ServerConfig,
  cluster: Section,
): Partial<ServerConfig> => {
  const fileOf = (field: string): string | undefined => {
    const file = text(user[field]);
    return file === undefined ? undefined : resolve(folder, file);
  };
  const [cert, key] = [fileOf('client-certificate'), fileOf('client-key')];
  const bothFiles = cert !== undefined && key !== undefined;
  const isEmbedded = text(user['client-certificate-data']) !== undefined || text(user['client-key-data']) !== undefined;
  const tokenFile = fileOf('tokenFile');
  const exec = user.exec === undefined ? undefined : readExecPlugin(user.exec, { path, folder, where, cluster });
  return {
    ...(bothFiles && !isEmbedded
      ? { certFiles: { cert, key } }
      : {
          ...optional('cert', pem(folder, user, 'client-certificate')),
          ...optional('key', pem(folder, user, 'client-key')),
        }),
    // As in client-go, the file has priority, because the token in the kubeconfig may be older.
    ...(tokenFile === undefined ? optional('token', text(user.token)) : { tokenFile }),
    ...(exec === undefined ? {} : { exec }),
  };
};

const optional = <K extends string>(key: K, value: string | undefined): { [P in K]?: string } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]: string });

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const pem = (folder: string, section: Section, field: string): string | undefined => {
  const embedded = text(section[`${field}-data`]);
  if (embedded !== undefined) return Buffer.from(embedded, 'base64').toString('utf8');
  const file = text(section[field]);
  return file === undefined ? undefined : readFileSync(resolve(folder, file), 'utf8');
};
