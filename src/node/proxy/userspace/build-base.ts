// The rules of userspace mode that are there whatever the services are: where packets enter our chains.
import { ruleText } from '../iptables/rule.ts';
import { chain } from './names.ts';
import type { Place } from './place.ts';

/** A rule in a built-in chain, which we share with the rest of the world. */
export interface EdgeJump {
  readonly table: 'nat' | 'filter';
  readonly chain: string;
  readonly text: string;
  /** Node ports match any address of the node, so they come after all that is more precise. */
  readonly end: 'first' | 'last';
}

/** In the order in which they stand in their chains. */
export const buildJumps = (place: Place): EdgeJump[] => [
  jump('filter', 'INPUT', { modules: ['-m conntrack --ctstate NEW'], jump: chain.firewall }),
  jump('filter', 'INPUT', { comment: 'Ensure that non-local NodePort traffic can flow', jump: chain.nonLocal }),
  jump('nat', 'PREROUTING', { comment: portals, jump: chain.portalsContainer }),
  jump('nat', 'OUTPUT', { comment: portals, jump: chain.portalsHost }),
  ...nodePortJumps('PREROUTING', chain.nodePortContainer, place),
  ...nodePortJumps('OUTPUT', chain.nodePortHost, place),
];

const portals = 'handle ClusterIPs; NOTE: this must be before the NodePort rules';
const nodePorts = 'handle service NodePorts; NOTE: this must be the last rule in the chain';

const jump = (
  table: EdgeJump['table'],
  from: string,
  spec: Parameters<typeof ruleText>[0],
  end: EdgeJump['end'] = 'first',
): EdgeJump => ({ table, chain: from, text: ruleText(spec), end });

const nodePortJumps = (from: string, to: string, { nodePortAddresses: addresses }: Place): EdgeJump[] => {
  const rule = { comment: nodePorts, jump: to };
  if (addresses === 'all') return [jump('nat', from, { before: ['-m addrtype --dst-type LOCAL'], ...rule }, 'last')];
  return addresses.map((destination) => jump('nat', from, { destination, ...rule }, 'last'));
};
