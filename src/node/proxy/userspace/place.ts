// The addresses of this machine on which kube-proxy listens. Pure data: sockets and rules are computed from it.
import { isIP } from 'node:net';
import type { ProxyConfig } from '../config/config.ts';
import { type LocalMatch, localMatch } from '../local-detector.ts';
import { familyOf, type IpFamily, type NodeView } from '../types.ts';
import { machineAddresses, nodePortAddresses } from '../view/machine-addresses.ts';

export interface Place {
  readonly family: IpFamily;
  /** `0.0.0.0` or `::`, or the one address of `--bind-address`. */
  readonly listenAddress: string;
  readonly listensEverywhere: boolean;
  /** The address to which rules redirect the node's own packets; undefined on a machine that has only loopback. */
  readonly nodeAddress: string | undefined;
  readonly nodePortAddresses: 'all' | readonly string[];
  /** All addresses of this machine in the family. */
  readonly ownAddresses: readonly string[];
  /** How rules recognise packets from pods of this node. */
  readonly local: LocalMatch;
}

const wildcards: Readonly<Record<IpFamily, string>> = { IPv4: '0.0.0.0', IPv6: '::' };

/** The place as it is now. It changes with the addresses of the node and of the machine. */
export const placeOf = (config: ProxyConfig, node: NodeView, family: IpFamily): Place => {
  const { bindAddress } = config;
  const bound = isIP(bindAddress) !== 0 && familyOf(bindAddress) === family && bindAddress !== wildcards[family];
  const ownAddresses = machineAddresses(family);
  return {
    family,
    listenAddress: bound ? bindAddress : wildcards[family],
    listensEverywhere: !bound,
    nodeAddress: bound ? bindAddress : nodeAddress(node.addresses[family], ownAddresses),
    nodePortAddresses: nodePortAddresses(config.nodePortAddresses, family, node),
    ownAddresses,
    local: localMatch(config.detectLocal, node, family),
  };
};

/**
 * The Node object's address if the machine has it, which is not so for a cloud's public address; else the first
 * reachable address.
 */
const nodeAddress = (told: string | undefined, own: readonly string[]): string | undefined =>
  told !== undefined && own.includes(told)
    ? told
    : own.find((address) => !address.startsWith('127.') && address !== '::1' && !/^fe[89ab]/i.test(address));
