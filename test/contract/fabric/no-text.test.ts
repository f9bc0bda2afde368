// Names that a student chose so that tools print what is neither text nor JSON.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FactName } from '../../../src/api/facts.ts';
import { createDataplane } from '../../../src/fabric/dataplane.ts';
import { createFacts } from '../../../src/fabric/facts.ts';
import { createProcessTable } from '../../../src/fabric/processes.ts';
import { startMachine, type TestMachine } from './machine.ts';

const table = createProcessTable();
const gather = createFacts(table);
const readAll = createDataplane(table);

let machine: TestMachine;
beforeEach(async () => {
  machine = await startMachine();
  await machine.sh('ip link add cni0 type bridge; ip link set cni0 up');
});
afterEach(() => machine?.[Symbol.asyncDispose]());

const own = () => ({ machine: 'node01', pid: machine.pid });
const facts = (...want: readonly FactName[]) => gather({ place: own(), want });
const dataplane = () => readAll({ machines: [own()] }, new AbortController().signal);

describe('a name in the rules that is no text', () => {
  test.each([
    ['a chain of iptables', `bash -c "iptables -t nat -N $'a\\xff'"`, 'chain a'],
    [
      'a link in a native rule',
      `bash -c "printf 'table ip x { chain y { iifname \\"z\\xff\\" accept; }; }' | nft -f -"`,
      'z',
    ],
  ])('names the machine and the line: %s', async (_, script, line) => {
    await machine.sh(script);
    const refusal = {
      code: 'FABRIC_RULES_NO_TEXT',
      message: expect.stringMatching(new RegExp(`^a name in the rules of node01 is no text, .*${line}`)),
    };
    await expect(facts('nft')).rejects.toMatchObject(refusal);
    await expect(dataplane()).rejects.toMatchObject(refusal);
  });
});

test.each([
  ['the alias of a link', `ip link set cni0 alias $'a\\x01b\\x1f\\n"c'`],
  ['the alias of a link in no coding', `ip link set cni0 alias $'a\\xffb'`],
  [
    'the name of a link',
    `x=$'x\\x01\\xff'; ip link add $x type bridge; ip link set $x up; ip route add 10.9.0.0/16 dev $x`,
  ],
])('%s with control characters is read', async (_, script) => {
  await machine.sh(`cat >/tmp/x <<'END'\n${script}\nEND\nbash /tmp/x`);
  const { links = [] } = await facts('links', 'routes', 'conntrack', 'iptables', 'nft');
  expect(links.map(({ name }) => name)).toContain('cni0');
  const [, texts] = await dataplane();
  for (const text of [texts?.addresses, texts?.routes, texts?.rules, texts?.neighbours, texts?.fdb, texts?.queues])
    expect(() => JSON.parse(text || '[]')).not.toThrow();
});

describe('a name that makes rules or sets look like others', () => {
  const recent = 'ok:src=192.168.56.100 ttl: 64 last_seen: 1 oldest_pkt: 1 1, x';
  const twoRules = String.raw`ok -j RETURN\n-A INPUT -m recent --rcheck --name y`;
  test.each([
    ['a set with a line break', String.raw`ipset create g hash:ip; ipset create $'a\nadd g 192.168.56.100' hash:ip`],
    [
      'a comment of an element with a line break',
      String.raw`ipset create g hash:ip comment; ipset add g 10.0.0.1 comment $'x\nadd g 192.168.56.100'`,
    ],
    ['a link in an element', String.raw`ipset create g hash:net,iface; ipset add g $'10.0.0.0/8,z\nadd g 1.2.3.4'`],
    ['a list of recent with a space', `iptables -A INPUT -m recent --set --name "${recent}" --rsource`],
    ['a list of recent with a line break', `iptables -A FORWARD -m recent ! --rcheck --name $'${twoRules}' -j DROP`],
    ['a link with a line break', String.raw`iptables -A FORWARD -i $'a -j Z\n-A Y' -j DROP`],
    ['a link with a space', `iptables -A FORWARD ! -i 'a -p udp' -j DROP`],
    ['a link in IPv6', String.raw`ip6tables -A FORWARD -i $'a -j Z\n-A Y' -j DROP`],
    ['a link in iptables-legacy', `iptables-legacy -A FORWARD ! -i 'a -p udp' -j DROP`],
    ['a link in ip6tables-legacy', String.raw`ip6tables-legacy -A FORWARD -i $'a -j Z\n-A Y' -j DROP`],
    ['a bridge port', `iptables-legacy -A FORWARD -m physdev ! --physdev-in 'a -p udp' -j DROP`],
  ])('nobody believes the listing: %s', async (_, script) => {
    await machine.sh(`cat >/tmp/x <<'END'\n${script}\nEND\nbash /tmp/x`);
    await expect(dataplane()).rejects.toMatchObject({
      code: 'FABRIC_RULES_FORGED',
      message: expect.stringMatching(/^a name in the rules or sets of node01 /),
    });
  });

  test('what has plain names is read', async () => {
    await machine.sh(`cat >/tmp/x <<'END'
set -e
ipset create g hash:net,iface comment; ipset add g 10.0.0.0/8,cni0 comment 'a b'; ipset create t hash:ip timeout 9
ipset add t 10.0.0.1; ipset create l list:set; ipset add l g
for kind in nft legacy; do for version in '' 6; do
  tool=ip\${version}tables-$kind
  $tool -N own
  $tool -A FORWARD -i eth0 ! -o cni+ -p tcp -m recent ! --rcheck --name ok -m comment --comment $'a -j\\nb' -j own
  $tool -A OUTPUT -m recent --set --name ok -j MARK --set-mark 1
  $tool -t nat -A POSTROUTING -o cni0 -j MASQUERADE --random-fully
done; done
iptables -A FORWARD -m set --match-set l src,src -j DROP
END
bash /tmp/x`);
    const [, texts] = await dataplane();
    expect(texts?.ipset).toContain('add g 10.0.0.0/8,cni0 comment "a b"');
    expect(texts?.iptables).toContain('--match-set l src,src');
    expect(texts?.ip6tablesLegacy).toContain('-o cni0 -j MASQUERADE');
  });
});

test('a list of recent has no address that is in its name', async () => {
  await machine.sh('iptables -A INPUT -m recent --set --name a:b; echo +10.1.2.3 > /proc/net/xt_recent/a:b');
  const [, texts] = await dataplane();
  expect(texts?.recent).toEqual({ 'a:b': expect.stringMatching(/^src=10\.1\.2\.3 /) });
});
