// Sends the same input to the real kernel and to the fake one of the unit tests, and compares them.
import { expect } from 'vitest';
import type { Netfilter } from '../../../src/node/sys/netfilter.ts';
import type { FakeNetfilter } from '../../support/proxy/fake-netfilter.ts';
import { tables } from '../../support/proxy/replay.ts';

/** A Netfilter that restores into both kernels and compares their rules after each input. */
export const both = (real: Netfilter, fake: FakeNetfilter): Netfilter => ({
  save: (abort) => real.save(abort),
  restore: async (input, abort) => {
    await real.restore(input, abort);
    await fake.restore(input);
    expect(tables(await real.save(abort))).toEqual(tables(await fake.save()));
  },
  hasChain: (table, chain, abort) => real.hasChain(table, chain, abort),
});
