// Who we are, asked anew for each request: tokens and certificates are rotated under a running component.
import { readFileSync } from 'node:fs';
import { type ExecCredential, type ExecPlugin, runExecPlugin } from './exec-plugin.ts';
import type { ServerConfig } from './kubeconfig.ts';

/** Secret: belongs into no log and no error. */
export interface Identity {
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface Credentials {
  /** @throws Error when a plugin gives none, or a file was never readable */
  current(): Promise<Identity>;
  /** The server answered 401. @returns whether `current` may give something else now, so that asking again makes sense */
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

/** A few small files per request: cheaper than being told of their changes, and it can't miss one. */
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

/** While a file is being replaced it may be missing for a moment: what it held before is good for longer than that. */
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

/** A credential is renewed a little before it expires: clocks differ, and requests take time. */
const leewayMs = 10_000;

/** Runs the plugin once for all who wait, and again when its credential expires or is refused. */
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
      // Another request may have been refused the same one and have brought a new one already.
      if (known === identity) known = undefined;
      return true;
    },
  };
};
