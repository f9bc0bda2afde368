// Names that iptables-save prints without quotes: with line breaks in them, its text shows rules that do not exist.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createFacts } from '../../../src/fabric/facts.ts';
import { createProcessTable } from '../../../src/fabric/processes.ts';
import { startMachine, type TestMachine } from './machine.ts';

const gather = createFacts(createProcessTable());

let machine: TestMachine;
beforeAll(async () => {
  machine = await startMachine();
});
afterAll(() => machine?.[Symbol.asyncDispose]());
beforeEach(async () => {
  await machine.sh('nft flush ruleset; iptables -A INPUT -p tcp --dport 80 -j DROP; iptables -t nat -N KUBE-A');
});

/** Adds rules with a shell script in which `$n` is a line break. */
const judge = async (script: string) => {
  await machine.sh(`n='\n'; ${script}`);
  const { iptables = '', rulesForged } = await gather({
    place: { machine: 'm', pid: machine.pid },
    want: ['iptables', 'rulesForged'],
  });
  return { iptables, rulesForged };
};

describe('forged are', () => {
  const whole = '--mask 255.255.255.255 --rsource';
  test.each([
    ['a list', `iptables -A INPUT -m recent --rcheck --name "x $n-A INPUT -j ACCEPT" -j DROP`],
    [
      'a list that leaves whole rules',
      `iptables -A INPUT -m recent --set --name "x ${whole}$n-A INPUT -m recent --set --name y"`,
    ],
    ['an interface', 'iptables -A INPUT -i "e$n-A INPUT" -j DROP'],
    [
      'a table of hashlimit',
      'iptables -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name "h$n-A INPUT" -j DROP',
    ],
    ['a bridge port', 'iptables -A FORWARD -m physdev --physdev-in "e$n-A x" -j DROP'],
    ['a table', `iptables -A INPUT -m recent --set --name "x$n*raw"`],
    ['a policy', `iptables -A INPUT -m recent --set --name "x$n:INPUT DROP [0:0]"`],
    ['a comment line', `iptables -A INPUT -m recent --set --name "x$n# y"`],
    [
      'a quote that swallows a rule, beside a line that replaces it',
      `iptables -A INPUT -m recent --set --name 'x"'; iptables -A INPUT -m comment --comment y -j DROP
       iptables -A INPUT -m recent --set --name "z ${whole}$n-A INPUT -m recent --set --name y"`,
    ],
    [
      'a chain that nft made',
      `printf '%s' '{"nftables":[{"add":{"chain":{"family":"ip","table":"nat","name":"x - [0:0]\\n-A OUTPUT -j ACCEPT\\n:y"}}}]}' > /tmp/chain; nft -j -f /tmp/chain`,
    ],
  ])('the rules with %s', async (_, script) => {
    expect((await judge(script)).rulesForged).toBe(true);
  });
});

describe('genuine are', () => {
  test.each([
    ['usual rules', 'iptables -A INPUT -m conntrack --ctstate NEW -m comment --comment "a \\"quote\\"" -j ACCEPT'],
    [
      'lists of kube-proxy',
      'iptables -t nat -A KUBE-A -m recent --name KUBE-SEP-A --rcheck --seconds 10800 --reap -j RETURN',
    ],
    ['interfaces', 'iptables -A INPUT -i lo -j ACCEPT; iptables -A FORWARD ! -o cni0 -j ACCEPT'],
    ['a line break in quotes', 'iptables -A INPUT -m comment --comment "x$n-A INPUT -j ACCEPT" -j DROP'],
    [
      'tables of nft beside them',
      'nft add table ip own; nft add chain ip own x; nft add rule ip own x accept; iptables -A INPUT -i lo',
    ],
  ])('rules with %s', async (_, script) => {
    const { iptables, rulesForged } = await judge(script);
    expect(rulesForged).toBe(false);
    expect(iptables).toContain('--dport 80 -j DROP');
  });
});
