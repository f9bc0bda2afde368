// `kube-proxy --init-only`: does what needs a privileged container, so that the main container does not have to be
// privileged.
import type { Logger } from '../../kit/logger.ts';
import type { ProxyConfig } from './config/config.ts';
import { openMode } from './modes.ts';
import { setUpConntrack } from './system.ts';
import { nodeView } from './view/node-view.ts';

/**
 * Sets up the kernel settings, modules and accounting objects of the configured mode. Writes no rules.
 * @throws Error where the machine lacks what the mode needs
 */
export const initialise = async (config: ProxyConfig, log: Logger, signal: AbortSignal): Promise<void> => {
  setUpConntrack(config, log);
  const node = nodeView(config.nodeName, undefined, config.bindAddress);
  await openMode({ config, log, signal, node: () => node });
};
