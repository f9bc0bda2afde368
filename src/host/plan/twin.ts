// What the fabric needs to know of a node to run kube-proxy in its place: from the plan, never from the node.
import type { ClusterSpec } from '../../api/cluster.ts';
import type { TwinParams } from '../../api/dataplane.ts';
import { nodePaths } from '../../api/paths.ts';
import { cidrRange } from '../../api/scalars.ts';
import { proxyConfig } from './files.ts';
import { nodeSysctls } from './init.ts';
import { nodeAddress } from './links.ts';
import { linkName } from './names.ts';
import { proxyFlags } from './units.ts';

/** @param machine the name of a node of the cluster */
export const twinOf = (spec: ClusterSpec, machine: string): TwinParams => {
  const index = spec.nodes.findIndex(({ name }) => name === machine);
  if (index < 0) throw new Error(`there is no node ${machine}`);
  return {
    machine,
    links: { [linkName]: [`${nodeAddress(spec, index)}/${cidrRange(spec.nodeCidr).prefix}`] },
    sysctls: nodeSysctls,
    config: proxyConfig(spec, nodePaths.adminConfig),
    flags: proxyFlags(machine, spec),
  };
};
