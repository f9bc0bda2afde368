// Rules of other programs, in the tables that kube-proxy uses. kube-proxy must never remove them.
import type { World } from './world.ts';

const rules: readonly (readonly [table: string, chain: string, rule: string])[] = [
  ['nat', 'PREROUTING', '-p tcp -m tcp --dport 9 -j REDIRECT --to-ports 10'],
  ['nat', 'POSTROUTING', '-p tcp -m tcp --dport 9 -j ACCEPT'],
  ['nat', 'KUBE-FOREIGN', '-p udp -m udp --dport 9 -j ACCEPT'],
  ['filter', 'INPUT', '-p tcp -m tcp --dport 9 -j DROP'],
  ['filter', 'FORWARD', '-p tcp -m tcp --dport 9 -j DROP'],
  ['mangle', 'PREROUTING', '-p tcp -m tcp --dport 9 -j ACCEPT'],
];
const tools = ['iptables', 'ip6tables'];
/** An nft table of another program. */
const nftTable = 'kube-foreign';

export const foreignRules = {
  add: (world: World): void => {
    for (const tool of tools) {
      world.exec(tool, '-t', 'nat', '-N', 'KUBE-FOREIGN');
      for (const [table, chain, rule] of rules) world.exec(tool, '-t', table, '-A', chain, ...rule.split(' '));
    }
    world.exec('nft', 'add', 'table', 'ip', nftTable);
    world.exec('nft', 'add', 'chain', 'ip', nftTable, 'own');
  },
  /** The foreign rules that are no longer in the kernel. */
  missing: (world: World): string[] => {
    const lost = tools.flatMap((tool) => {
      const saved = world.save(`${tool}-save`);
      return rules.map(([, chain, rule]) => `-A ${chain} ${rule}`).filter((line) => !saved.includes(line));
    });
    return world.exec('nft', 'list', 'tables').includes(nftTable) ? lost : [...lost, `table ${nftTable}`];
  },
};
