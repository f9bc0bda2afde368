// Builds the firewall for `loadBalancerSourceRanges`. It is evaluated before DNAT.

import { hash } from 'node:crypto';
import { networkContains } from '../../../api/ip.ts';
import { type Item, sets, words } from './model.ts';
import type { PortContext } from './port-context.ts';

export const buildFirewall = ({ port, options, protocol, comment }: PortContext): Item[] => {
  const ranges = port.sourceRanges;
  // Also without endpoints: a client that may not use the service gets no answer, whatever the service's state is.
  if (port.loadBalancerIps.length === 0 || ranges.length === 0) return [];
  const nodeIp = options.node.addresses[options.family];
  // If the node owns the load balancer's address, the node's own packets have that address as source.
  const own =
    nodeIp !== undefined && ranges.some((range) => networkContains(range, nodeIp)) ? port.loadBalancerIps : [];
  const name = `firewall-${hash('sha256', port.key, 'hex').slice(0, 16)}`;
  const allowed = widest([...ranges, ...own]);
  return [
    {
      ...{ kind: 'chain', name },
      rules: [`${words[options.family].ip} saddr != { ${allowed.join(', ')} } drop`],
    },
    ...port.loadBalancerIps.map(
      (address): Item => ({
        ...{ kind: 'element', set: sets.firewall, comment },
        key: `${address} . ${protocol} . ${port.port}`,
        value: `goto ${name}`,
      }),
    ),
  ];
};

/** Drops ranges inside other ranges, because nft refuses a set with overlapping members. */
const widest = (ranges: readonly string[]): string[] => {
  const lengthOf = (range: string): number => Number(range.split('/')[1] ?? 128);
  const kept: string[] = [];
  for (const range of ranges.toSorted((a, b) => lengthOf(a) - lengthOf(b))) {
    const [network = ''] = range.split('/');
    if (!kept.some((wider) => networkContains(wider, network))) kept.push(range);
  }
  return kept;
};
