// Runs the exec plugin of a kubeconfig (client.authentication.k8s.io): a cloud provider's program that prints
// credentials.
import { resolve } from 'node:path';
import { messageOf } from '../../kit/error.ts';
import { ExecError, type RunResult, run } from '../sys/exec.ts';

export interface ExecPlugin {
  readonly argv: readonly string[];
  /** Added to this process's environment. KUBERNETES_EXEC_INFO is one of the variables. */
  readonly env: Readonly<Record<string, string>>;
  readonly apiVersion: string;
  /** What the user should do if the program is missing. */
  readonly installHint: string;
}

/** A plugin's credential. Secret: must not appear in a log or an error. */
export interface ExecCredential {
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Milliseconds since 1970. Undefined: valid until the server refuses it. */
  readonly expires?: number;
}

type Section = Readonly<Record<string, unknown>>;

export interface PluginPlace {
  /** The path of the kubeconfig, for messages. */
  readonly path: string;
  readonly folder: string;
  readonly where: {
    readonly server: string;
    readonly ca?: string;
    readonly serverName?: string;
    readonly insecure?: boolean;
  };
  /** The cluster's section of the kubeconfig. It may have an extension for the plugin. */
  readonly cluster: Section;
}

const versions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];
/** Cloud providers answer within seconds. A plugin that takes longer probably waits for input. */
const timeoutMs = 60_000;

/** @throws Error with the fault in the kubeconfig's `exec` section */
export const readExecPlugin = (section: unknown, place: PluginPlace): ExecPlugin => {
  const exec = (typeof section === 'object' && section !== null ? section : {}) as Section;
  const fail = (message: string): never => {
    throw new Error(`${place.path}: exec: ${message}`);
  };
  const { command, apiVersion, interactiveMode } = exec;
  if (typeof command !== 'string' || command === '') return fail('"command" is missing');
  if (typeof apiVersion !== 'string' || !versions.includes(apiVersion)) {
    return fail(`apiVersion must be ${versions.join(' or ')}, not "${String(apiVersion ?? '')}"`);
  }
  if (interactiveMode === 'Always')
    return fail('a plugin with interactiveMode "Always" cannot run, because there is no terminal');
  const args = Array.isArray(exec.args) ? exec.args.map(String) : [];
  // A name without a slash is found in PATH. Another path is relative to the kubeconfig's folder.
  const program = command.includes('/') ? resolve(place.folder, command) : command;
  return {
    argv: [program, ...args],
    env: { ...envOf(exec.env), KUBERNETES_EXEC_INFO: JSON.stringify(execInfo(apiVersion, exec, place)) },
    apiVersion,
    installHint: typeof exec.installHint === 'string' ? exec.installHint.trim() : '',
  };
};

/** @throws Error with the plugin's name and the cause, never with its standard output, which is secret */
export const runExecPlugin = async (plugin: ExecPlugin): Promise<ExecCredential> => {
  const name = plugin.argv[0] ?? '';
  const result = await start(plugin, name);
  if (result.code !== 0) {
    const said = result.stderr.trim().split('\n').at(-1) ?? '';
    throw new Error(`exec plugin ${name} failed with exit code ${result.code}${said === '' ? '' : `: ${said}`}`);
  }
  return parseCredential(result.stdout, plugin.apiVersion, name);
};

const start = async ({ argv, env, installHint }: ExecPlugin, name: string): Promise<RunResult> => {
  try {
    return await run(argv, { env: { ...ownEnvironment(), ...env }, timeoutMs });
  } catch (error) {
    // An ExecError names the arguments, which may be secret.
    const cause = error instanceof ExecError ? (error.cause ?? `still running after ${timeoutMs / 1000} s`) : error;
    const hint = installHint === '' ? '' : `\n${installHint}`;
    throw new Error(`exec plugin ${name} could not be run: ${messageOf(cause)}${hint}`);
  }
};

const parseCredential = (stdout: string, apiVersion: string, name: string): ExecCredential => {
  const printed = parseObject(stdout);
  if (printed?.kind !== 'ExecCredential') throw new Error(`exec plugin ${name} did not print an ExecCredential`);
  if (printed.apiVersion !== apiVersion) {
    throw new Error(
      `exec plugin ${name} printed ${String(printed.apiVersion)}, but the kubeconfig requires ${apiVersion}`,
    );
  }
  const status = (printed.status ?? {}) as Section;
  const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
  const [token, cert, key] = [text(status.token), text(status.clientCertificateData), text(status.clientKeyData)];
  if ((cert === undefined) !== (key === undefined))
    throw new Error(`exec plugin ${name} gave a certificate without its key`);
  if (token === undefined && cert === undefined)
    throw new Error(`exec plugin ${name} gave neither token nor certificate`);
  const expires = Date.parse(text(status.expirationTimestamp) ?? '');
  return {
    ...(token === undefined ? {} : { token }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(Number.isNaN(expires) ? {} : { expires }),
  };
};

const parseObject = (text: string): Section | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Section) : undefined;
  } catch {
    return undefined;
  }
};

const ownEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );

const envOf = (list: unknown): Record<string, string> => {
  const entries = (Array.isArray(list) ? list : []) as { name?: unknown; value?: unknown }[];
  return Object.fromEntries(entries.map(({ name, value }) => [String(name), String(value ?? '')]));
};

const execInfo = (apiVersion: string, exec: Section, place: PluginPlace) => ({
  apiVersion,
  kind: 'ExecCredential',
  spec: { interactive: false, ...(exec.provideClusterInfo === true ? { cluster: clusterInfo(place) } : {}) },
});

const clusterInfo = ({ where, cluster }: PluginPlace) => {
  const extensions = (Array.isArray(cluster.extensions) ? cluster.extensions : []) as Section[];
  const config = extensions.find(({ name }) => name === 'client.authentication.k8s.io/exec')?.extension;
  return {
    server: where.server,
    ...(where.serverName === undefined ? {} : { 'tls-server-name': where.serverName }),
    ...(where.insecure ? { 'insecure-skip-tls-verify': true } : {}),
    ...(where.ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(where.ca).toString('base64') }),
    ...(config === undefined ? {} : { config }),
  };
};
