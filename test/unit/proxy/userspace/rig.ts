// A proxier in userspace mode over a kernel and ports in memory.
import { localMatch } from '../../../../src/node/proxy/local-detector.ts';
import { Proxier } from '../../../../src/node/proxy/proxier.ts';
import { UserspaceBackend } from '../../../../src/node/proxy/userspace/backend.ts';
import type { Place } from '../../../../src/node/proxy/userspace/place.ts';
import { PortRange } from '../../../../src/node/proxy/userspace/port-range.ts';
import type { Netfilter } from '../../../../src/node/sys/netfilter.ts';
import { createFlows, type Rig, silent, testNode } from '../replay.ts';
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

const detect = {
  mode: 'ClusterCIDR',
  clusterCidr: '10.244.0.0/16',
  bridgeInterface: '',
  interfaceNamePrefix: '',
} as const;

export const createUserspaceRig = (
  netfilterOf: (ports: FakePorts) => Netfilter,
  place: Partial<Place> = {},
): UserspaceRig => {
  const ports = new FakePorts();
  const node = () => rig.node;
  const backend = new UserspaceBackend({
    ...{ node, log: silent, netfilter: netfilterOf(ports) },
    range: new PortRange(undefined),
    place: () => ({ ...testPlace, local: localMatch(detect, rig.node, 'IPv4'), ...place }),
    createRelay: ({ protocol }) => ports.createRelay(protocol),
  });
  const { conntrack, flows } = createFlows(...testPlace.ownAddresses);
  const rig: UserspaceRig = {
    ...{ ports, backend, node: testNode, conntrack },
    proxier: new Proxier({ family: 'IPv4', nodeName: testNode.name, backend, flows, log: silent, node }),
    sync: async () => {
      await rig.proxier.sync(new AbortController().signal);
    },
  };
  return rig;
};
