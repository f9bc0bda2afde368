import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseRuleset } from '../../../src/dataplane/parse.ts';
import { findChain, findRules, reachableRules } from '../../../src/dataplane/query.ts';

const golden = parseRuleset(
  readFileSync(join(import.meta.dirname, '../../fixtures/kube-proxy-v1.36.2/default-nat.txt'), 'utf8'),
);

test('rules are found by what their comment says', () => {
  expect(findRules(golden, { table: 'nat', chain: 'KUBE-SERVICES', comment: 'fix/cip1 cluster IP' })).toHaveLength(1);
  expect(findRules(golden, { comment: /^fix\/cip3:http -> / })).toHaveLength(3);
});

test('a DNAT rule is found by where it sends to', () => {
  const [rule, ...others] = findRules(golden, { chain: 'KUBE-SEP-*', toDestination: '10.200.1.1:8080' });
  expect(rule).toMatchObject({ chain: 'KUBE-SEP-7EVB3GFDN5PJ4NAR', comment: 'fix/cip1', position: 2 });
  expect(others).toEqual([]);
});

test('rules are found by address, protocol, port and target together', () => {
  const query = { destination: '10.96.10.16', protocol: 'tcp', dport: 53, jumpsTo: 'KUBE-SVC-*' };
  expect(findRules(golden, query)).toHaveLength(1);
  expect(findRules(golden, { ...query, protocol: 'udp' })).toHaveLength(1);
  expect(findRules(golden, { ...query, dport: 54 })).toHaveLength(0);
});

test('everything a service leads to can be listed from its chain', () => {
  const chains = new Set(reachableRules(golden, 'nat', 'KUBE-SVC-CAHVSQRG2SI72V7M').map(({ chain }) => chain));
  expect(chains.size).toBe(5);
  expect(findChain(golden, 'nat', 'KUBE-NOPE')).toBeUndefined();
});
