// Random rule sets for both iptables backends and native nft, and random packets that meet them.

import type { Dice } from './dice.ts';
import { nativeRules } from './generate-nft.ts';
import { builtInChains, type Probe, type RuleSet, rulePrefs } from './ground.ts';
import { addresses, lengthOfProbe, links, ports, virtualAddresses } from './pools.ts';

type Backend = 'nft' | 'legacy';
type Table = 'raw' | 'mangle' | 'nat' | 'filter';

export const ruleSetOf = (dice: Dice, name: string): RuleSet => {
  const kinds = dice.pick([
    ['nft'],
    ['nft'],
    ['legacy'],
    ['nft', 'legacy'],
    ['native'],
    ['native'],
    ['nft', 'native'],
    ['legacy', 'native'],
  ] as const);
  const has = (kind: string): boolean => (kinds as readonly string[]).includes(kind);
  const ipset = dice.chance(0.5) ? setsOf(dice) : '';
  return {
    name,
    ...(has('nft') ? { iptables: tablesOf(dice, 'nft', ipset !== '') } : {}),
    ...(has('legacy') ? { iptablesLegacy: tablesOf(dice, 'legacy', ipset !== '') } : {}),
    ...(has('native') ? { nft: nativeRules(dice) } : {}),
    ...(ipset === '' ? {} : { ipset }),
    ip: ipLines(dice),
    sysctls: sysctlLines(dice),
  };
};

const setsOf = (dice: Dice): string => {
  const some = (count: number, make: () => string): string[] => [...new Set(Array.from({ length: count }, make))];
  return [
    'create hosts hash:ip family inet',
    ...some(3, () => `add hosts ${dice.pick(addresses)}`),
    'create nets hash:net family inet',
    ...some(2, () => `add nets ${dice.pick(['10.0.0.0/8', '10.1.0.0/16', '192.0.2.0/24', '10.96.0.0/12'])}`),
    'add nets 10.2.0.0/24 nomatch',
    'create services hash:ip,port family inet',
    ...some(4, () => `add services ${dice.pick(virtualAddresses)},${dice.pick(['tcp', 'udp'])}:${dice.pick(ports)}`),
    'create doors bitmap:port range 0-65535',
    ...some(2, () => `add doors ${dice.pick(ports)}`),
    'create triples hash:ip,port,ip family inet',
    ...some(3, () => `add triples ${dice.pick(addresses)},tcp:${dice.pick(ports)},${dice.pick(addresses)}`),
    '',
  ].join('\n');
};

const ipLines = (dice: Dice): string[] => {
  const selectors = [
    'fwmark 0x1/0xf',
    'fwmark 0x2/0xf',
    `from ${dice.pick(['10.1.0.0/16', '192.0.2.7', '10.0.0.0/24'])}`,
    `to ${dice.pick(['10.2.0.0/16', '203.0.113.0/24', '192.0.2.9'])}`,
    `iif ${dice.pick(links)}`,
    'not fwmark 0x1/0xf to 203.0.113.0/24',
    'from all fwmark 0x3 iif e2',
  ];
  const actions = [
    'lookup 100',
    'lookup 100',
    'lookup 100',
    'unreachable',
    'prohibit',
    'blackhole',
    'lookup main suppress_prefixlength 0',
  ];
  return rulePrefs
    .filter(() => dice.chance(0.15))
    .map((pref) => `rule add pref ${pref} ${dice.pick(selectors)} ${dice.pick(actions)}`);
};

const sysctlLines = (dice: Dice): string[] => {
  const lines: string[] = [];
  if (dice.chance(0.07)) lines.push('net.ipv4.ip_forward=0');
  if (dice.chance(0.07)) lines.push(`net.ipv4.conf.${dice.pick(links)}.forwarding=0`);
  if (dice.chance(0.2)) lines.push(`net.ipv4.conf.${dice.pick([...links, 'all'])}.rp_filter=${dice.pick([1, 2])}`);
  if (dice.chance(0.3)) lines.push(`net.ipv4.conf.${dice.pick([...links, 'all'])}.route_localnet=1`);
  if (dice.chance(0.1)) lines.push(`net.ipv4.conf.${dice.pick([...links, 'all'])}.accept_local=1`);
  if (dice.chance(0.1)) lines.push(`net.ipv4.conf.${dice.pick([...links, 'all'])}.src_valid_mark=1`);
  return lines;
};

/** The answers to packets, which show that they were rejected, always come through. */
const answers = '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT';

const tablesOf = (dice: Dice, backend: Backend, sets: boolean): string =>
  (['raw', 'mangle', 'nat', 'filter'] as const)
    .filter((table) => dice.chance({ raw: 0.2, mangle: 0.5, nat: 0.8, filter: 0.7 }[table]))
    .map((table) => tableOf(dice, table, backend, sets))
    .join('');

const tableOf = (dice: Dice, table: Table, backend: Backend, sets: boolean): string => {
  const hooks = builtInChains[table] ?? [];
  const policy = (): string => (table !== 'nat' && dice.chance(0.1) ? 'DROP' : 'ACCEPT');
  // Chains of the nat table that translate sources are apart from those that translate destinations.
  const sides = table === 'nat' ? ['D', 'S'] : ['C'];
  const chains = sides.flatMap((side) => [0, 1, 2].map((depth) => `${side}${depth}`));
  const lines = [
    `*${table}`,
    ...hooks.map((hook) => `:${hook} ${policy()} [0:0]`),
    ...chains.map((chain) => `:${chain} - [0:0]`),
  ];
  for (const hook of hooks) {
    if (table !== 'nat') lines.push(`-A ${hook} ${answers}`);
    const side = table !== 'nat' ? 'C' : hook === 'PREROUTING' || hook === 'OUTPUT' ? 'D' : 'S';
    for (let count = dice.number(4); count > 0; count--)
      lines.push(ruleOf(dice, { table, chain: hook, hook, side, depth: -1, backend, sets }));
  }
  for (const side of sides)
    for (const depth of [0, 1, 2])
      for (let count = dice.number(3); count > 0; count--)
        lines.push(ruleOf(dice, { table, chain: `${side}${depth}`, hook: '', side, depth, backend, sets }));
  return `${[...lines, 'COMMIT'].join('\n')}\n`;
};

interface Spot {
  readonly table: Table;
  readonly chain: string;
  /** Empty in a chain of its own. */
  readonly hook: string;
  readonly side: string;
  readonly depth: number;
  readonly backend: Backend;
  readonly sets: boolean;
}

const ruleOf = (dice: Dice, spot: Spot): string => {
  const protocol = dice.pick(['', '', 'tcp', 'udp', 'icmp']);
  const target = targetOf(dice, spot, protocol);
  const matches = Array.from({ length: dice.pick([0, 1, 1, 2, 2, 3]) }, () => matchOf(dice, spot, protocol));
  return ['-A', spot.chain, protocol === '' ? '' : `-p ${protocol}`, ...distinct(matches), target]
    .filter(Boolean)
    .join(' ');
};

/** iptables takes an option such as `-s`, and most modules, only once in a rule. */
const distinct = (matches: readonly string[]): string[] => {
  const seen = new Set<string>();
  return matches.filter((match) => {
    const key = /^(?:! )?(-m \w+|-\w)/.exec(match)?.[1] ?? match;
    return !seen.has(key) && seen.add(key);
  });
};

const not = (dice: Dice): string => (dice.chance(0.2) ? '! ' : '');
const network = (dice: Dice): string =>
  dice.pick([
    ...addresses.map((address) => `${address}/32`),
    '10.0.0.0/8',
    '10.1.0.0/16',
    '10.96.0.0/12',
    '192.0.2.0/24',
    '0.0.0.0/0',
    '10.0.0.9/255.0.0.255',
  ]);

const limits = [
  'limit --limit 3/sec',
  'limit --limit 1/hour --limit-burst 20',
  'hashlimit --hashlimit-upto 5/sec --hashlimit-mode srcip --hashlimit-name h',
  'hashlimit --hashlimit-above 9/sec --hashlimit-name a',
  'quota --quota 2000',
  'connlimit --connlimit-above 3',
];

const matchOf = (dice: Dice, { hook, sets }: Spot, protocol: string): string => {
  const inside = hook === '' || /PREROUTING|INPUT|FORWARD/.test(hook);
  const outside = hook === '' || /OUTPUT|FORWARD|POSTROUTING/.test(hook);
  const port = (): string => dice.pick([...ports.map(String), '80:90', '1000:2000', '1:65535']);
  const ported = protocol === 'tcp' || protocol === 'udp';
  const link = (): string => dice.pick([...links, 'e+', 'lo']);
  const choices: (() => string)[] = [
    () => `${not(dice)}-s ${network(dice)}`,
    () => `${not(dice)}-d ${network(dice)}`,
    () => `-d ${dice.pick(virtualAddresses)}/32`,
    () => `-m mark ${not(dice)}--mark ${dice.pick(['0x1', '0x1/0xf', '0x2/0x2', '0x0/0xff'])}`,
    () =>
      `-m conntrack ${not(dice)}--ctstate ${dice.pick(['NEW', 'INVALID', 'UNTRACKED', 'DNAT', 'SNAT', 'NEW,UNTRACKED'])}`,
    () =>
      `-m addrtype ${not(dice)}--${dice.pick(['src', 'dst'])}-type ${dice.pick(['LOCAL', 'UNICAST', 'BROADCAST', 'UNICAST,LOCAL'])}`,
    () => `-m statistic --mode random ${not(dice)}--probability ${dice.pick(['0.5', '0.25', '0.33333333349'])}`,
    () =>
      `-m iprange ${not(dice)}--${dice.pick(['src', 'dst'])}-range ${dice.pick(['10.0.0.1-10.0.0.100', '10.1.0.9-10.2.0.9'])}`,
    () => `-m comment --comment ${dice.pick(['x', '"a b"', '"it\\"s -j DROP"'])}`,
    () =>
      `-m u32 ${not(dice)}--u32 "${dice.pick(['0xc=0xa000009', '0x10&0xff000000=0xa000000', '0x6&0xff=0x11', '0x6&0xff=0x6&&0x0>>22&0x3c@0x0&0xffff=0x50', '0x14&0xffff=0x50'])}"`,
    () => `-m conntrack ${not(dice)}--ctorigdst ${network(dice)}`,
    () => `-m length --length ${dice.pick(['36', '40', '0:38'])}`,
    () => `-m ttl --ttl-${dice.pick(['eq 64', 'eq 63', 'lt 64', 'gt 63'])}`,
    () => `-m connmark ${not(dice)}--mark ${dice.pick(['0x1', '0x0', '0x2/0xf'])}`,
    () => `-m ${dice.pick(limits)}`,
    () => `-m string ${not(dice)}--${dice.pick(['string evil', 'hex-string "|0a00000a|"', 'string x'])} --algo bm`,
    () => `-m physdev ${not(dice)}--physdev-is-bridged`,
  ];
  if (inside) choices.push(() => `${not(dice)}-i ${link()}`);
  if (outside) choices.push(() => `${not(dice)}-o ${link()}`);
  if (ported) {
    choices.push(
      () => `-m ${protocol} ${not(dice)}--dport ${port()}`,
      () => `-m ${protocol} --dport ${dice.pick(ports)}`,
      () => `-m ${protocol} ${not(dice)}--sport ${port()}`,
      () => `-m multiport ${not(dice)}--${dice.pick(['dports', 'sports', 'ports'])} ${dice.pick(ports)},${port()}`,
    );
    if (protocol === 'tcp')
      choices.push(
        () =>
          `-m tcp ${dice.pick(['--syn', '! --syn', '--tcp-flags SYN,ACK SYN', '--tcp-flags ALL ACK', '! --tcp-flags FIN FIN'])}`,
      );
  }
  if (protocol === 'icmp')
    choices.push(() => `-m icmp ${not(dice)}--icmp-type ${dice.pick(['8', 'echo-request', 'echo-reply', '3/3'])}`);
  if (sets) {
    choices.push(
      () => `-m set ${not(dice)}--match-set hosts ${dice.pick(['src', 'dst'])}`,
      () => `-m set ${not(dice)}--match-set nets ${dice.pick(['src', 'dst'])}`,
      () => `-m set ${not(dice)}--match-set services dst,dst`,
      () => `-m set ${not(dice)}--match-set doors ${dice.pick(['src', 'dst'])}`,
      () => `-m set ${not(dice)}--match-set triples src,dst,dst`,
    );
  }
  return dice.pick(choices)();
};

const targetOf = (dice: Dice, { table, hook, side, depth }: Spot, protocol: string): string => {
  const jump =
    depth < 2 ? [`-j ${side}${depth + 1}`, `-j ${side}${dice.pick([depth + 1, 2])}`, `-g ${side}${depth + 1}`] : [];
  const mark = [
    '-j MARK --set-xmark 0x1/0xf',
    '-j MARK --set-xmark 0x2/0xf',
    '-j MARK --set-mark 0x1',
    '-j MARK --or-mark 0x10',
    '-j CONNMARK --set-xmark 0x1/0xffffffff',
    '-j CONNMARK --save-mark',
    '-j CONNMARK --restore-mark',
  ];
  const always = ['-j ACCEPT', '-j RETURN', '', ...jump, ...jump];
  const address = dice.pick([
    '10.0.0.9',
    '10.1.0.9',
    '10.2.0.9',
    '10.22.0.5',
    '192.0.2.9',
    '10.0.0.1',
    '127.0.0.1',
    '203.0.113.9',
    '10.0.0.50-10.0.0.53',
  ]);
  const ported = protocol === 'tcp' || protocol === 'udp';
  const to = ported && dice.chance(0.5) ? `:${dice.pick(ports)}` : '';
  if (table === 'filter')
    return dice.pick([
      ...always,
      '-j DROP',
      '-j DROP',
      '-j REJECT',
      ...(protocol === 'tcp'
        ? ['-j REJECT --reject-with tcp-reset']
        : ['-j REJECT --reject-with icmp-host-prohibited']),
    ]);
  if (table === 'mangle') return dice.pick([...always, ...mark, ...mark, '-j DROP']);
  if (table === 'raw')
    return dice.pick([...always, '-j NOTRACK', '-j CT --notrack', '-j DROP', '-j MARK --set-xmark 0x1/0x1']);
  if (side === 'D') {
    const redirect = `-j REDIRECT${to === '' ? '' : ` --to-ports ${dice.pick(ports)}`}`;
    return dice.pick([
      ...always,
      `-j DNAT --to-destination ${address}${to}`,
      `-j DNAT --to-destination ${address}${to}`,
      redirect,
      '-j MARK --set-xmark 0x4000/0x4000',
      '-j MARK --set-xmark 0x1/0xf',
    ]);
  }
  const snat = dice.pick(['10.0.0.3', '10.1.0.1', '203.0.113.77', '10.0.0.60-10.0.0.61']);
  const masquerade = hook === 'POSTROUTING' ? ['-j MASQUERADE', '-j MASQUERADE --random-fully', '-j MASQUERADE'] : [];
  return dice.pick([...always, `-j SNAT --to-source ${snat}`, ...masquerade, '-j MARK --set-xmark 0x2/0xf']);
};

/** Packets to the addresses and ports that rules speak of. Each has a source port of its own. */
export const probesOf = (dice: Dice, count: number): Probe[] =>
  Array.from({ length: count }, (_, index): Probe => {
    const local = dice.chance(0.3);
    const protocol = dice.pick(['tcp', 'tcp', 'udp', 'udp', 'icmp']);
    const link = dice.pick(links);
    const near = { e0: ['10.0.0.9', '10.0.0.77'], e1: ['10.1.0.9', '192.0.2.7'], e2: ['10.2.0.9', '10.22.0.8'] }[link];
    const source = local
      ? dice.pick(['10.0.0.1', '10.0.0.3', '10.1.0.1', '10.2.0.1', '127.0.0.1'])
      : dice.chance(0.75)
        ? dice.pick(near)
        : dice.pick(['172.16.0.5', '10.1.0.1', '127.0.0.1', '203.0.113.4', ...addresses]);
    const destination = dice.chance(0.35)
      ? dice.pick(virtualAddresses)
      : dice.pick([...addresses, '127.0.0.1', '203.0.113.9', '198.51.100.1', '198.51.101.1']);
    const mark = local && dice.chance(0.2) ? dice.pick([1, 2, 3, 0x4000]) : 0;
    return {
      packet: {
        source,
        destination,
        protocol,
        sourcePort: 2000 + index,
        ...(protocol === 'icmp' ? {} : { destinationPort: dice.pick(ports) }),
        ...(protocol === 'tcp'
          ? { tcpFlags: dice.pick([['syn'], ['syn'], ['syn'], ['syn'], ['ack'], ['fin', 'ack']]) }
          : {}),
        ...(mark === 0 ? {} : { mark }),
        length: lengthOfProbe(protocol),
        ttl: dice.chance(0.03) ? 1 : 64,
      },
      entry: local ? { kind: 'process' } : { kind: 'link', link },
    };
  });
