// How a rule recognises packets from pods of this node (`--detect-local-mode`).
import { familyOf, type IpFamily, type NodeView } from './types.ts';

export type DetectLocalMode = 'ClusterCIDR' | 'NodeCIDR' | 'BridgeInterface' | 'InterfaceNamePrefix';

/** What a rule matches for packets from pods of this node; undefined: unknown, so no packet counts as local. */
export type LocalMatch =
  | { readonly kind: 'source'; readonly cidr: string }
  | { readonly kind: 'interface'; readonly name: string }
  | undefined;

export interface DetectLocalOptions {
  readonly mode: DetectLocalMode;
  /** Comma separated, at most one per family. */
  readonly clusterCidr: string;
  readonly bridgeInterface: string;
  readonly interfaceNamePrefix: string;
}

export const localMatch = (options: DetectLocalOptions, node: NodeView, family: IpFamily): LocalMatch => {
  switch (options.mode) {
    case 'ClusterCIDR':
      return sourceIn(options.clusterCidr.split(','), family);
    case 'NodeCIDR':
      return sourceIn(node.podCidrs, family);
    case 'BridgeInterface':
      return { kind: 'interface', name: options.bridgeInterface };
    case 'InterfaceNamePrefix':
      return { kind: 'interface', name: `${options.interfaceNamePrefix}+` };
  }
};

const sourceIn = (cidrs: readonly string[], family: IpFamily): LocalMatch => {
  const cidr = cidrs.map((text) => text.trim()).find((text) => text !== '' && familyOf(text) === family);
  return cidr === undefined ? undefined : { kind: 'source', cidr };
};
