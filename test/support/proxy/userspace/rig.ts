// Creates a proxier in userspace mode over fake ports and any kernel.
import { localMatch } from '../../../../src/node/proxy/local-detector.ts';
import type { NodeView } from '../../../../src/node/proxy/types.ts';
import { UserspaceBackend } from '../../../../src/node/proxy/userspace/backend.ts';
import type { Place } from '../../../../src/node/proxy/userspace/place.ts';
import { PortRange } from '../../../../src/node/proxy/userspace/port-range.ts';
import { nodePortAddresses } from '../../../../src/node/proxy/view/machine-addresses.ts';
import type { Netfilter } from '../../../../src/node/sys/netfilter.ts';
import { detectOf, type Rig, type RigOptions, rigOver, silent } from '../replay.ts';
import { FakePorts } from './fake-ports.ts';

export interface UserspaceRig extends Rig {
  readonly ports: FakePorts;
  readonly backend: UserspaceBackend;
}

export const testPlace: Place = {
  family: 'IPv4',
  listenAddress: '0.0.0.0',
  listensEverywhere: true,
  nodeAddress: '192.168.56.11',
  nodePortAddresses: 'all',
  ownAddresses: ['127.0.0.1', '192.168.56.11', '10.244.1.1'],
  local: undefined,
};

/** A node with IPv6. */
export const testPlace6: Place = {
  ...testPlace,
  family: 'IPv6',
  listenAddress: '::',
  nodeAddress: 'fd00:56::11',
  ownAddresses: ['::1', 'fd00:56::11', 'fd00:244:1::1'],
};

export const createUserspaceRig = (
  netfilterOf: (ports: FakePorts) => Netfilter,
  place: Partial<Place> = {},
  options: Pick<RigOptions, 'followsNode'> = {},
): UserspaceRig => {
  const ports = new FakePorts();
  const { family = 'IPv4', ownAddresses = testPlace.ownAddresses } = place;
  const whereabouts = (node: NodeView): Partial<Place> => ({
    local: localMatch(detectOf(options), node, family),
    ...(options.followsNode
      ? { nodeAddress: node.addresses[family], nodePortAddresses: nodePortAddresses(['primary'], family, node) }
      : {}),
  });
  const createBackend = (node: () => NodeView): UserspaceBackend =>
    new UserspaceBackend({
      ...{ node, log: silent, netfilter: netfilterOf(ports) },
      range: new PortRange(undefined),
      place: () => ({ ...testPlace, ...place, ...whereabouts(node()) }),
      createRelay: ({ protocol }) => ports.createRelay(protocol),
    });
  return Object.assign(rigOver({ family, relays: ownAddresses, createBackend }), { ports });
};

/**
 * Rules by chain in a comparable form. The rules of a service port keep their order, and relay ports are renumbered.
 */
export const comparable = (saved: string): unknown => {
  const blocks = new Map<string, string[]>();
  const known = new Map<string, Map<string, string>>();
  // The real tool adds a date and packet counters.
  const plain = saved.replace(/^#.*\n/gm, '').replace(/ \[\d+:\d+\]$/gm, '');
  for (const section of plain.split(/(?=^\*)/m).sort()) {
    for (const line of section.split('\n')) {
      const owner = /-p (\w+) .*--comment "(r\/[^"]*)"/.exec(line)?.slice(1).join(' ') ?? '';
      const names = known.get(owner) ?? new Map<string, string>();
      known.set(owner, names);
      const text = line.replace(/\b4\d{4}\b/g, (port) => {
        names.set(port, names.get(port) ?? `#${names.size}`);
        return names.get(port) ?? '';
      });
      const block = `${/^-A (\S+)/.exec(line)?.[1]} ${owner}`;
      blocks.set(block, [...(blocks.get(block) ?? []), text]);
    }
  }
  return [...blocks].sort();
};
