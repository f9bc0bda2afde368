// A proxier in nftables mode, over any nf_tables.
import { type DetectLocalOptions, localMatch } from '../../../../src/node/proxy/local-detector.ts';
import { NftablesBackend } from '../../../../src/node/proxy/nftables/backend.ts';
import { type BaseOptions, buildBase } from '../../../../src/node/proxy/nftables/build-base.ts';
import { Proxier } from '../../../../src/node/proxy/proxier.ts';
import type { Nft } from '../../../../src/node/sys/nft.ts';
import { createFlows, type Objects, type Rig, silent, testNode } from '../replay.ts';

export interface NftablesRig extends Rig {
  readonly backend: NftablesBackend;
}

const detect: DetectLocalOptions = {
  mode: 'ClusterCIDR',
  clusterCidr: '10.244.0.0/16',
  bridgeInterface: '',
  interfaceNamePrefix: '',
};
const masqueradeMark = 0x4000;

export const createNftablesRig = (nft: Nft, base: Partial<BaseOptions> = {}): NftablesRig => {
  const node = () => rig.node;
  const local = () => localMatch(detect, rig.node, 'IPv4');
  const backend = new NftablesBackend({
    ...{ family: 'IPv4', nft, log: silent },
    base: () =>
      buildBase({
        ...{ family: 'IPv4', masqueradeMark, masqueradeAll: false, nodePortAddresses: ['192.168.56.11'] },
        local: local(),
        ...base,
      }),
    build: () => ({ family: 'IPv4', masqueradeMark, node: rig.node, local: local() }),
  });
  const { conntrack, flows } = createFlows();
  const rig: NftablesRig = {
    ...{ backend, node: testNode, conntrack },
    proxier: new Proxier({ family: 'IPv4', nodeName: testNode.name, backend, flows, log: silent, node }),
    sync: async () => {
      await rig.proxier.sync(new AbortController().signal);
    },
  };
  return rig;
};

/** A proxier that starts now, with these objects. */
export const startWith = async (objects: Objects, nft: Nft, node: Rig['node']): Promise<NftablesRig> => {
  const rig = createNftablesRig(nft);
  rig.node = node;
  for (const service of objects.services.values()) rig.proxier.onService(undefined, service);
  for (const slice of objects.slices.values()) rig.proxier.onSlice(undefined, slice);
  await rig.sync();
  return rig;
};
