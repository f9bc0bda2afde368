// Where on this machine services are listened for: pure data, so that sockets and rules can be worked out from it.
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
  /** Where the node sends its own connections; undefined on a machine that has nothing but loopback. */
  readonly nodeAddress: string | undefined;
  readonly nodePortAddresses: 'all' | readonly string[];
  /** All addresses of the family that this machine has. */
  readonly ownAddresses: readonly string[];
  /** How rules tell pods of this node from everybody else. */
  readonly local: LocalMatch;
}

const wildcards: Readonly<Record<IpFamily, string>> = { IPv4: '0.0.0.0', IPv6: '::' };

/** As it is now: addresses of the node and of the machine change. */
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

/** The Node object's, if the machine has it (a cloud's public address is none of its own), else the first that others can reach. */
const nodeAddress = (told: string | undefined, own: readonly string[]): string | undefined =>
  told !== undefined && own.includes(told)
    ? told
    : own.find((address) => !address.startsWith('127.') && address !== '::1' && !/^fe[89ab]/i.test(address));
