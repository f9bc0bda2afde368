// The rules of userspace mode that don't depend on services: jumps from the kernel's own chains to kube-proxy's.
import type { Jump } from '../xtables/rule.ts';
import { chain } from './names.ts';
import type { Place } from './place.ts';

export interface EdgeJump extends Jump {
  /** At which end of its chain the jump is. Node ports match any address of the node, so their jumps are last. */
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
  rule: Jump['rule'],
  end: EdgeJump['end'] = 'first',
): EdgeJump => ({ table, chain: from, rule, end });

const nodePortJumps = (from: string, to: string, { nodePortAddresses: addresses }: Place): EdgeJump[] => {
  const rule = { comment: nodePorts, jump: to };
  if (addresses === 'all') return [jump('nat', from, { before: ['-m addrtype --dst-type LOCAL'], ...rule }, 'last')];
  return addresses.map((destination) => jump('nat', from, { destination, ...rule }, 'last'));
};
