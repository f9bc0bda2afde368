// Runs CNI plugins (CNI specification 1.0.0): a configuration list on disk, one program per plugin, JSON in and out.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './exec.ts';

export interface CniPluginConfig {
  readonly type: string;
  readonly capabilities?: Readonly<Record<string, boolean>>;
  readonly [key: string]: unknown;
}

/** A network configuration list (`*.conflist`). */
export interface CniNetwork {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly CniPluginConfig[];
}

export interface CniPortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: string;
  readonly hostIP?: string;
}

/** One container's attachment to a network. */
export interface CniAttachment {
  readonly containerId: string;
  /** A path such as /run/netns/cni-…. May be empty for DEL, if the namespace is gone. */
  readonly netns: string;
  readonly ifName: string;
  /** The content of CNI_ARGS, e.g. `{ IgnoreUnknown: '1', IP: '10.244.1.5' }`. */
  readonly args?: Readonly<Record<string, string>>;
  readonly portMappings?: readonly CniPortMapping[];
}

/** The fields of a plugin's result that callers read. Other fields pass from plugin to plugin unchanged. */
export interface CniResult {
  readonly ips?: readonly { readonly address: string; readonly gateway?: string; readonly interface?: number }[];
  readonly [key: string]: unknown;
}

/** The error that a plugin reported (specification, section 5, "Error"). */
export class CniError extends Error {
  override readonly name = 'CniError';
  readonly plugin: string;
  readonly code: number;

  constructor(plugin: string, code: number, message: string) {
    super(`plugin type="${plugin}" failed: ${message}`);
    this.plugin = plugin;
    this.code = code;
  }
}

/** The first valid configuration by file name, as the original kubelet chooses it. Undefined if there is none. */
export const loadCniNetwork = async (folder: string): Promise<CniNetwork | undefined> => {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((file) => /\.(conflist|conf|json)$/.test(file)).sort()) {
    const network = parseCniNetwork(await readFile(join(folder, name), 'utf8').catch(() => ''));
    if (network) return network;
  }
  return undefined;
};

/** Parses a `.conflist`, or the `.conf` of a single plugin as a list of one. Undefined if the text is neither. */
export const parseCniNetwork = (text: string): CniNetwork | undefined => {
  try {
    const value = JSON.parse(text) as Partial<CniNetwork> & Partial<CniPluginConfig>;
    const { cniVersion = '1.0.0', name } = value;
    if (typeof name !== 'string') return undefined;
    if (Array.isArray(value.plugins) && value.plugins.length > 0) return { cniVersion, name, plugins: value.plugins };
    return typeof value.type === 'string'
      ? { cniVersion, name, plugins: [{ ...value, type: value.type } as CniPluginConfig] }
      : undefined;
  } catch {
    return undefined;
  }
};

export interface CniExecutor {
  /** Runs the plugins in order. @throws CniError of the first plugin that fails */
  add(network: CniNetwork, attachment: CniAttachment, signal?: AbortSignal): Promise<CniResult>;
  /** Runs the plugins in reverse order. @param result what `add` returned */
  remove(network: CniNetwork, attachment: CniAttachment, result?: CniResult, signal?: AbortSignal): Promise<void>;
}

/** @param pluginFolder CNI_PATH, e.g. /usr/lib/cni */
export const createCniExecutor = (pluginFolder: string): CniExecutor => {
  const invoke = async (
    command: 'ADD' | 'DEL',
    plugin: CniPluginConfig,
    config: object,
    attachment: CniAttachment,
    signal?: AbortSignal,
  ): Promise<CniResult> => {
    const { code, stdout, stderr } = await run([join(pluginFolder, plugin.type)], {
      input: JSON.stringify(config),
      env: environment(command, pluginFolder, attachment),
      timeoutMs: 60_000,
      ...(signal ? { signal } : {}),
    });
    if (code !== 0) throw errorFrom(plugin.type, code, stdout, stderr);
    return stdout.trim() === '' ? {} : (JSON.parse(stdout) as CniResult);
  };
  return {
    async add(network, attachment, signal) {
      let result: CniResult | undefined;
      for (const plugin of network.plugins) {
        result = await invoke('ADD', plugin, requestFor(network, plugin, attachment, result), attachment, signal);
      }
      return result ?? {};
    },
    async remove(network, attachment, result, signal) {
      for (const plugin of [...network.plugins].reverse()) {
        await invoke('DEL', plugin, requestFor(network, plugin, attachment, result), attachment, signal);
      }
    },
  };
};

/** The configuration on a plugin's standard input (specification, section 3, "Deriving request configuration"). */
export const requestFor = (
  network: CniNetwork,
  plugin: CniPluginConfig,
  attachment: CniAttachment,
  previous: CniResult | undefined,
): Record<string, unknown> => {
  const { capabilities, ...config } = plugin;
  const wantsPorts = capabilities?.portMappings === true && (attachment.portMappings?.length ?? 0) > 0;
  return {
    ...config,
    cniVersion: network.cniVersion,
    name: network.name,
    ...(wantsPorts ? { runtimeConfig: { portMappings: attachment.portMappings } } : {}),
    ...(previous ? { prevResult: previous } : {}),
  };
};

const environment = (command: string, path: string, attachment: CniAttachment): Record<string, string> => ({
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  CNI_COMMAND: command,
  CNI_CONTAINERID: attachment.containerId,
  CNI_NETNS: attachment.netns,
  CNI_IFNAME: attachment.ifName,
  CNI_PATH: path,
  ...(attachment.args
    ? {
        CNI_ARGS: Object.entries(attachment.args)
          .map(([key, value]) => `${key}=${value}`)
          .join(';'),
      }
    : {}),
});

const errorFrom = (plugin: string, exitCode: number, stdout: string, stderr: string): CniError => {
  try {
    const { code = exitCode, msg = '', details = '' } = JSON.parse(stdout);
    return new CniError(plugin, code, details === '' ? msg : `${msg}; ${details}`);
  } catch {
    return new CniError(plugin, exitCode, stderr.trim() || stdout.trim() || `exit code ${exitCode}`);
  }
};
