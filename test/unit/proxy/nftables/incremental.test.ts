// Random histories in nftables mode, with the fake nft.
import { expect } from 'vitest';
import { incrementalSuite } from '../../../support/proxy/incremental-suite.ts';
import { FakeNft, inForce } from '../../../support/proxy/nftables/fake-nft.ts';
import { createNftablesRig } from '../../../support/proxy/nftables/rig.ts';

const { signal } = new AbortController();

const create = () => {
  const kernel = new FakeNft();
  return { kernel, rig: createNftablesRig(kernel), state: async () => inForce(kernel.table()) };
};

incrementalSuite({
  create,
  afterHistory: async (lived, fresh, startAgain) => {
    expect(await lived.rig.backend.damaged(signal)).toBe(false);
    // A proxier that starts over an existing table takes it over and removes what it does not need.
    await startAgain(createNftablesRig(lived.kernel));
    const names = ({ kernel }: typeof lived) => {
      const { chains, sets } = kernel.table();
      return { chains: [...chains.keys()].sort(), sets: [...sets.keys()].sort() };
    };
    expect(names(lived)).toEqual(names(fresh));
    expect(await lived.state()).toEqual(await fresh.state());
  },
});
