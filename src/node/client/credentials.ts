// The credentials of each request. They are read again for each request, because tokens and certificates are rotated.
import { readFileSync } from 'node:fs';
import { type ExecCredential, type ExecPlugin, runExecPlugin } from './exec-plugin.ts';
import type { ServerConfig } from './kubeconfig.ts';

/** Secret: must not appear in a log or an error. */
export interface Identity {
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface Credentials {
  /** @throws Error when a plugin gives no credential, or a file was never readable */
  current(): Promise<Identity>;
  /** Call this after a 401. @returns whether `current` may now give another credential, so that a retry makes sense */
  refused(identity: Identity): boolean;
}

export const createCredentials = (config: ServerConfig): Credentials => {
  if (config.exec) return fromPlugin(config.exec);
  const { token, cert, key } = config;
  const fixed = {
    ...(token === undefined ? {} : { token }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  };
  if (config.tokenFile === undefined && config.certFiles === undefined) {
    return { current: async () => fixed, refused: () => false };
  }
  return fromFiles(config, fixed);
};

/** Reads a few small files per request. This is cheaper than watching the files, and misses no change. */
const fromFiles = ({ tokenFile, certFiles }: ServerConfig, fixed: Identity): Credentials => {
  const readToken = tokenFile === undefined ? undefined : lastReadable(tokenFile);
  const readCert = certFiles === undefined ? undefined : lastReadable(certFiles.cert);
  const readKey = certFiles === undefined ? undefined : lastReadable(certFiles.key);
  const read = (): Identity => ({
    ...fixed,
    ...(readToken ? { token: readToken().trim() } : {}),
    ...(readCert && readKey ? { cert: readCert(), key: readKey() } : {}),
  });
  return { current: async () => read(), refused: (identity) => JSON.stringify(read()) !== JSON.stringify(identity) };
};

/** A file may be missing for a moment while it is replaced. Its last content is still valid then. */
const lastReadable = (path: string): (() => string) => {
  let last: string | undefined;
  return () => {
    try {
      last = readFileSync(path, 'utf8');
    } catch (error) {
      if (last === undefined) throw error;
    }
    return last;
  };
};

/** A credential is renewed a little before it expires, because clocks differ and requests take time. */
const leewayMs = 10_000;

/** Runs the plugin once for all waiting requests, and again when the credential expires or is refused. */
const fromPlugin = (plugin: ExecPlugin): Credentials => {
  let known: ExecCredential | undefined;
  let running: Promise<ExecCredential> | undefined;
  const renew = async (): Promise<ExecCredential> => {
    try {
      known = await runExecPlugin(plugin);
      return known;
    } finally {
      running = undefined;
    }
  };
  return {
    current: async () => {
      if (known && (known.expires ?? Number.POSITIVE_INFINITY) - leewayMs > Date.now()) return known;
      running ??= renew();
      return running;
    },
    refused: (identity) => {
      // Another request may already have replaced the refused credential.
      if (known === identity) known = undefined;
      return true;
    },
  };
};
