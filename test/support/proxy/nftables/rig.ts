// Creates a proxier in nftables mode over a real or fake nf_tables.
import { localMatch } from '../../../../src/node/proxy/local-detector.ts';
import { NftablesBackend } from '../../../../src/node/proxy/nftables/backend.ts';
import { type BaseOptions, buildBase } from '../../../../src/node/proxy/nftables/build-base.ts';
import type { NodeView } from '../../../../src/node/proxy/types.ts';
import { nodePortAddresses } from '../../../../src/node/proxy/view/machine-addresses.ts';
import type { Nft } from '../../../../src/node/sys/nft.ts';
import { detectOf, type Rig, type RigOptions, rigOver, silent } from '../replay.ts';

export interface NftablesRig extends Rig {
  readonly backend: NftablesBackend;
}

const masqueradeMark = 0x4000;

export const createNftablesRig = (
  nft: Nft,
  base: Partial<BaseOptions> = {},
  options: Pick<RigOptions, 'family' | 'followsNode'> = {},
): NftablesRig => {
  const { family = 'IPv4' } = options;
  const createBackend = (node: () => NodeView): NftablesBackend => {
    const local = () => localMatch(detectOf(options), node(), family);
    return new NftablesBackend({
      ...{ family, nft, log: silent },
      state: { read: async () => undefined, close: () => {} },
      base: () => {
        const addresses = nodePortAddresses(['primary'], family, node());
        return buildBase({
          ...{ family, masqueradeMark, masqueradeAll: false, nodePortAddresses: addresses, local: local() },
          ...base,
        });
      },
      build: () => ({ family, masqueradeMark, node: node(), local: local() }),
    });
  };
  return rigOver({ family, createBackend });
};
