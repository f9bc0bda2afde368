// kube-proxy: command line → configuration → run.
import { readFileSync, writeFileSync } from 'node:fs';
import { kubernetesVersion } from '../../api/version.ts';
import type { Logger } from '../../kit/logger.ts';
import { createClient } from '../client/client.ts';
import { inClusterConfig } from '../client/in-cluster.ts';
import { loadKubeconfig } from '../client/kubeconfig.ts';
import { describeFlags, flagValues, valueText } from '../component/flag-text.ts';
import { parseFlags } from '../component/flags.ts';
import { createKlog } from '../component/klog.ts';
import { runComponent } from '../component/run.ts';
import { cleanUp } from './cleanup.ts';
import type { ProxyConfig } from './config/config.ts';
import { ConfigError, parseConfig } from './config/file.ts';
import { flagSpecs, legacyFlags, whyWithoutEffect } from './config/flags.ts';
import type { ProxyFlags } from './config/lookup.ts';
import { renderConfig } from './config/render.ts';
import { resolveConfig } from './config/resolve.ts';
import { configChanged } from './config/watch.ts';
import { initialise } from './init-only.ts';
import { logSource } from './log-sources.ts';
import { runProxy } from './server.ts';

const main = async (argv: readonly string[], signal: AbortSignal): Promise<void> => {
  const flags = parseFlags(flagSpecs, argv);
  if (flags.help) return print(help);
  if (flags.version) return print(`Kubernetes ${kubernetesVersion}`);
  if (flags.cleanup) return cleanUp({ log: createLog(flags, { verbosity: flags.v ?? 0 }), signal });
  const path = flags.config;
  const text = path ? readFileSync(path, 'utf8') : '';
  const configOf = (written: string): ProxyConfig =>
    resolveConfig(flags, path ? parseConfig(written, path) : new Map());
  const config = configOf(text);
  if (flags['write-config-to']) return writeFileSync(flags['write-config-to'], renderConfig(config));
  const log = createLog(flags, config);
  logFlags(flags, log);
  if (flags['init-only']) return initialise(config, log, signal);
  const running = runProxy(config, connect(config), log, signal);
  if (!path) return running;
  await Promise.race([running, configChanged({ path, text, validate: configOf, log, signal })]);
};

const help = `kube-proxy turns services into rules of this node's packet filter: it watches the
API server for services and their endpoints, and sends each connection to a
cluster IP, node port or load balancer on to one of the pods behind it.

Usage:
  kube-proxy [flags]

Examples:
  kube-proxy --config=/etc/kubernetes/kube-proxy-config.yaml
  kube-proxy --kubeconfig=/etc/kubernetes/kube-proxy.conf \\
    --cluster-cidr=10.244.0.0/16 -v=2
  kube-proxy --cleanup
${describeFlags(flagSpecs)}`;

const createLog = (
  flags: ProxyFlags,
  { verbosity, vmodule, logFormat }: Pick<ProxyConfig, 'verbosity'> & Partial<ProxyConfig>,
): Logger =>
  createKlog({
    ...{ verbosity, source: logSource },
    ...(vmodule ? { vmodule } : {}),
    ...(logFormat ? { format: logFormat } : {}),
    ...(flags['log-file'] ? { file: flags['log-file'], stderr: flags.alsologtostderr ?? false } : {}),
  });

const logFlags = (flags: ProxyFlags, log: Logger): void => {
  const given = flags as Readonly<Record<string, unknown>>;
  const isShown = (name: string): boolean => !legacyFlags.has(name) || given[name] !== undefined;
  for (const line of flagValues(flagSpecs, flags, isShown)) log.info(1, `FLAG: ${line}`);
  for (const [name, spec] of Object.entries(flagSpecs)) {
    const reason = whyWithoutEffect(name);
    if (reason === undefined || valueText(spec, given[name]) === valueText(spec, undefined)) continue;
    log.warning('This flag has no effect here', { flag: `--${name}`, reason });
  }
};

const connect = ({ kubeconfig, master }: ProxyConfig) => {
  const server = master === '' || master.includes('://') ? master : `http://${master}`;
  if (kubeconfig !== '')
    return createClient(server === '' ? { kubeconfig } : { ...loadKubeconfig(kubeconfig), server });
  if (server !== '') return createClient({ server });
  const inCluster = inClusterConfig(process.env);
  if (inCluster) return createClient(inCluster);
  throw new ConfigError(
    'the address of the API server is unknown: give --kubeconfig, or clientConnection.kubeconfig in the config file; or run in a pod with a service account',
  );
};

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

void runComponent('kube-proxy', main);
