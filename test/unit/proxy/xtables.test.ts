// Rules as data: rendering, comparing, parsing and removing.
import { describe, expect, test } from 'vitest';
import { leadsTo, listedRules, readExisting } from '../../../src/node/proxy/xtables/existing.ts';
import { planRemoval } from '../../../src/node/proxy/xtables/removal.ts';
import { type Rule, ruleText, sameRule } from '../../../src/node/proxy/xtables/rule.ts';

/** A rule that uses each field. */
const full: { readonly [F in keyof Rule]-?: NonNullable<Rule[F]> } = {
  source: '10.0.0.1',
  destination: '! fd00::1',
  inInterface: '! cni0',
  protocol: 'tcp',
  comment: 'default/web',
  before: ['-m conntrack --ctstate NEW'],
  modules: ['-m addrtype --dst-type LOCAL'],
  dport: 80,
  after: ['-m state --state NEW'],
  jump: 'KUBE-SVC-X',
};

describe('a rule', () => {
  test('is rendered in the order in which iptables-save prints it', () => {
    expect(ruleText(full)).toBe(
      '-s 10.0.0.1/32 ! -d fd00::1/128 ! -i cni0 -p tcp -m conntrack --ctstate NEW -m comment --comment "default/web" ' +
        '-m addrtype --dst-type LOCAL -m tcp --dport 80 -m state --state NEW -j KUBE-SVC-X',
    );
  });

  test('equals a copy of itself', () => {
    expect(sameRule(full, structuredClone(full))).toBe(true);
    expect(sameRule({ jump: 'DROP' }, { jump: 'DROP', modules: [], comment: undefined })).toBe(true);
  });

  test.each(Object.keys(full) as (keyof Rule)[])('differs from a rule without its %s', (name) => {
    expect(sameRule(full, { ...full, [name]: undefined })).toBe(false);
    expect(sameRule({ ...full, [name]: undefined }, full)).toBe(false);
  });
});

const saved = `*nat
:PREROUTING ACCEPT [0:0]
:KUBE-A - [0:0]
-A PREROUTING -m comment --comment "not -j KUBE-A" -j ACCEPT
-A PREROUTING -g KUBE-A
-A KUBE-A
-A KUBE-A -j REJECT --reject-with icmp-port-unreachable
COMMIT
`;

describe('the text of iptables-save', () => {
  test('is parsed into rules with their chains', () => {
    expect([...listedRules(saved)].map(({ table, chain, text }) => [table, chain, text])).toEqual([
      ['nat', 'PREROUTING', '-m comment --comment "not -j KUBE-A" -j ACCEPT'],
      ['nat', 'PREROUTING', '-g KUBE-A'],
      ['nat', 'KUBE-A', ''],
      ['nat', 'KUBE-A', '-j REJECT --reject-with icmp-port-unreachable'],
    ]);
    expect(readExisting(saved).builtinRules).toHaveLength(2);
  });

  test('shows which chain a rule leads to', () => {
    expect(readExisting(saved).builtinRules.map(leadsTo)).toEqual(['ACCEPT', 'KUBE-A']);
    const quoted = leadsTo({ table: 'nat', chain: 'OUTPUT', text: '-m comment --comment "x -j KUBE-A"' });
    expect(quoted).not.toBe('KUBE-A');
  });
});

test('a removal deletes only the chain and the rules that lead to it', () => {
  expect(planRemoval(readExisting(saved), { isOurs: (_, name) => name === 'KUBE-A' })).toBe(
    '*nat\n:KUBE-A - [0:0]\n-D PREROUTING -g KUBE-A\n-X KUBE-A\nCOMMIT\n',
  );
});
