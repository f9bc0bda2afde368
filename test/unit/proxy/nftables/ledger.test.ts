// Items of the nftables table that several owners want.
import { expect, test } from 'vitest';
import { Ledger } from '../../../../src/node/proxy/nftables/ledger.ts';
import type { Chain } from '../../../../src/node/proxy/nftables/model.ts';

const chain = (name: string): Chain => ({ kind: 'chain', name, rules: ['accept'] });

test('an item that one owner gives up stays for another owner that wants it', () => {
  const ledger = new Ledger();
  ledger.settle();
  ledger.replace('second', [chain('shared'), chain('shared')]);
  expect(ledger.takeChanges()).toEqual({ added: [chain('shared')], removed: [] });
  ledger.replace('first', [chain('shared')]);
  ledger.replace('second', []);
  expect(ledger.takeChanges()).toEqual({ added: [], removed: [] });
  expect([...ledger.items()]).toEqual([chain('shared')]);
});
