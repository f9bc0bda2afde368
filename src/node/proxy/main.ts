// kube-proxy: command line → configuration → run.
import { readFileSync, writeFileSync } from 'node:fs';
import { kubernetesVersion } from '../../api/version.ts';
import { createClient } from '../client/client.ts';
import { loadKubeconfig } from '../client/kubeconfig.ts';
import { describeFlags, parseFlags } from '../component/flags.ts';
import { createKlog } from '../component/klog.ts';
import { runComponent } from '../component/run.ts';
import { cleanUp } from './cleanup.ts';
import { type ProxyConfig, resolveConfig } from './config.ts';
import { parseConfig } from './config-file.ts';
import { configChanged } from './config-watch.ts';
import { flagSpecs } from './flags.ts';
import { logSource } from './log-sources.ts';
import { runProxy } from './server.ts';

const main = async (argv: readonly string[], signal: AbortSignal): Promise<void> => {
  const flags = parseFlags(flagSpecs, argv);
  if (flags.help)
    return print(
      `kube-proxy turns services into rules of this node's packet filter.\n\nFlags:\n${describeFlags(flagSpecs)}`,
    );
  if (flags.version) return print(`Kubernetes ${kubernetesVersion}`);
  const logFile = flags['log-file'];
  const createLog = (verbosity: number) =>
    createKlog({
      verbosity,
      source: logSource,
      ...(logFile ? { file: logFile, stderr: flags.alsologtostderr ?? false } : {}),
    });
  if (flags.cleanup) return cleanUp({ log: createLog(flags.v ?? 0), signal });
  const path = flags.config;
  const text = path ? readFileSync(path, 'utf8') : '';
  const configOf = (written: string): ProxyConfig =>
    resolveConfig(flags, path ? parseConfig(written, path) : new Map());
  const config = configOf(text);
  if (flags['write-config-to']) return writeFileSync(flags['write-config-to'], `${JSON.stringify(config, null, 2)}\n`);
  const log = createLog(config.verbosity);
  log.info(1, `FLAG: ${argv.join(' ')}`);
  const running = runProxy(config, connect(config), log, signal);
  if (!path) return running;
  await Promise.race([running, configChanged({ path, text, validate: configOf, log, signal })]);
};

const connect = ({ kubeconfig, master }: ProxyConfig) => {
  if (kubeconfig === '') return createClient({ server: master });
  return createClient(master === '' ? { kubeconfig } : { ...loadKubeconfig(kubeconfig), server: master });
};

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

void runComponent('kube-proxy', main);
