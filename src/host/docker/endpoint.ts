// Finds Docker's endpoint from the variables and files that the docker command uses.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { LabError, messageOf } from '../../kit/error.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

export type Endpoint =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls?: Tls }
  | SshEndpoint;

/** A part that the address does not name is undefined: ~/.ssh/config may say it. */
export interface SshEndpoint {
  readonly kind: 'ssh';
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  /** The engine's socket on the other machine; undefined: where the system's engine listens. */
  readonly path: string | undefined;
}

/** Where the system's engine listens by default. */
export const systemSocket = '/var/run/docker.sock';

export interface Tls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/**
 * DOCKER_HOST, else the docker command's context, else the first socket that exists: the system's engine, Docker
 * Desktop, a rootless engine.
 * @throws LabError LAB_DOCKER_HOST when a setting is invalid
 */
export const findEndpoint = (variables: Variables): Endpoint => {
  const address = variables.DOCKER_HOST;
  if (address) return parseEndpoint(address, variables) ?? refuseHost(address);
  const context = findContext(variables);
  if (context) return parseEndpoint(context.address, variables) ?? refuseContext(context);
  const home = variables.HOME ?? homedir();
  const sockets = [
    systemSocket,
    join(home, '.docker', 'run', 'docker.sock'),
    ...(variables.XDG_RUNTIME_DIR ? [join(variables.XDG_RUNTIME_DIR, 'docker.sock')] : []),
  ];
  return { kind: 'unix', path: sockets.find((path) => existsSync(path)) ?? systemSocket };
};

/** The endpoint in an error message. */
export const formatEndpoint = (endpoint: Endpoint): string => {
  if (endpoint.kind === 'unix') return endpoint.path;
  const { kind, host, port } = endpoint;
  const { user, path = '' } = kind === 'ssh' ? endpoint : {};
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${kind}://${user ? `${user}@` : ''}${name}${port === undefined ? '' : `:${port}`}${path}`;
};

/** Undefined when the address is not the address of a Docker engine. */
const parseEndpoint = (address: string, variables: Variables): Endpoint | undefined => {
  if (address.startsWith('unix://')) return { kind: 'unix', path: address.slice(7) || systemSocket };
  if (address.startsWith('/')) return { kind: 'unix', path: address };
  const url = URL.parse(address.includes('://') ? address : `tcp://${address}`);
  if (!url?.hostname) return undefined;
  switch (url.protocol) {
    case 'tcp:':
    case 'http:':
    case 'https:':
      return tcpEndpoint(url, variables);
    case 'ssh:':
      return sshEndpoint(url);
    default:
      return undefined;
  }
};

/** Docker's own form: ssh://[user@]host[:port][/path/of/docker.sock]. */
const sshEndpoint = ({ hostname, port, username, pathname }: URL): SshEndpoint => ({
  kind: 'ssh',
  // ssh takes an IPv6 address without the brackets of a URL.
  host: hostname.replace(/^\[(.*)\]$/, '$1'),
  port: port === '' ? undefined : Number(port),
  user: username === '' ? undefined : decodeURIComponent(username),
  path: pathname === '' || pathname === '/' ? undefined : decodeURIComponent(pathname),
});

const tcpEndpoint = (url: URL, variables: Variables): Endpoint => {
  const secure = Boolean(variables.DOCKER_TLS_VERIFY) || url.protocol === 'https:' || url.port === '2376';
  const port = Number(url.port || (secure ? 2376 : 2375));
  if (!secure) return { kind: 'tcp', host: url.hostname, port };
  const folder = variables.DOCKER_CERT_PATH || join(variables.HOME ?? homedir(), '.docker');
  const read = (name: string): Buffer | undefined => {
    const path = join(folder, name);
    return existsSync(path) ? readFileSync(path) : undefined;
  };
  const [ca, cert, key] = [read('ca.pem'), read('cert.pem'), read('key.pem')];
  const tls: Tls = { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
  return { kind: 'tcp', host: url.hostname, port, tls };
};

const refuseHost = (address: string): never => {
  throw new LabError('LAB_DOCKER_HOST', `DOCKER_HOST is "${address}", which is not the address of a Docker engine`, {
    hint: 'Set it to unix:///path/docker.sock, tcp://host:port or ssh://user@host, or unset it.',
  });
};

interface Context {
  readonly name: string;
  readonly address: string;
}

const refuseContext = ({ name, address }: Context): never => {
  throw new LabError(
    'LAB_DOCKER_HOST',
    `The Docker context "${name}" has the address "${address}", which labs can't use`,
    {
      hint: 'Choose another context with `docker context use`, or set DOCKER_HOST.',
    },
  );
};

/** The context chosen with `docker context use` or DOCKER_CONTEXT. Undefined for the default context. */
const findContext = (variables: Variables): Context | undefined => {
  const folder = variables.DOCKER_CONFIG || join(variables.HOME ?? homedir(), '.docker');
  const name = variables.DOCKER_CONTEXT || readJson(join(folder, 'config.json'))?.currentContext;
  if (typeof name !== 'string' || name === '' || name === 'default') return undefined;
  const digest = createHash('sha256').update(name).digest('hex');
  const meta = readJson(join(folder, 'contexts', 'meta', digest, 'meta.json'));
  const address = (meta?.Endpoints as { docker?: { Host?: string } } | undefined)?.docker?.Host;
  if (address) return { name, address };
  throw new LabError('LAB_DOCKER_HOST', `The Docker context "${name}" does not exist`, {
    hint: 'Choose one that `docker context ls` lists, or unset DOCKER_CONTEXT.',
  });
};

const readJson = (path: string): Record<string, unknown> | undefined => {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new LabError('LAB_DOCKER_HOST', `${path} is not valid JSON: ${messageOf(cause)}`, {
      cause,
      hint: 'Correct or remove this file.',
    });
  }
};
