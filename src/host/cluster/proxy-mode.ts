// Checks that every kube-proxy runs in the mode that the lab asks for. Without IPVS in the kernel, kube-proxy falls
// back to iptables mode, and a lab about ipvs would teach something wrong.
import type { ProxySpecification } from '../../api/cluster.ts';
import { componentPorts } from '../../api/paths.ts';
import { LabError } from '../../kit/error.ts';
import type { Fabric } from './fabric.ts';
import type { RunningMachine } from './machines.ts';

/**
 * Call it when all kube-proxies have synced.
 * @throws LabError LAB_PROXY_MODE
 */
export const checkProxyModes = async (
  fabric: Fabric,
  nodes: readonly RunningMachine[],
  { mode, fallback = false }: ProxySpecification,
  signal: AbortSignal,
): Promise<void> => {
  if (mode === undefined || fallback) return;
  const answers = await Promise.all(nodes.map(async (node) => ({ node, answer: await modeOn(fabric, node, signal) })));
  const wrong = answers.filter(({ answer }) => answer !== mode);
  if (wrong.length === 0) return;
  const seen = wrong.map(({ node, answer }) => `${node.name} (${answer})`).join(', ');
  throw new LabError('LAB_PROXY_MODE', `The lab needs kube-proxy in mode ${mode}, which does not run on ${seen}`, {
    hint:
      'Load what the mode needs on the machine of the Docker engine, such as the kernel module ip_vs. `labs doctor` ' +
      'says what is missing. If the lab also works in iptables mode, set `fallback: true` beside `mode` in its lab.yaml.',
  });
};

/** What kube-proxy on this node says about its mode, or why it says nothing. */
const modeOn = async (fabric: Fabric, { name, pid }: RunningMachine, signal: AbortSignal): Promise<string> => {
  const url = `http://127.0.0.1:${componentPorts.proxyMetrics}/proxyMode`;
  const outcome = await fabric.call('http', { place: { machine: name, pid }, url, timeoutMs: 5000 }, { signal });
  return outcome.ok ? outcome.body.trim() : outcome.message;
};
