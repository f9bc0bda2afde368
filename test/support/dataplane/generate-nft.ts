// Random native nft tables.
import type { Dice } from './dice.ts';
import { addresses, links, ports, virtualAddresses } from './pools.ts';

interface Base {
  readonly hook: string;
  readonly type: 'filter' | 'nat' | 'route';
}

const bases: readonly Base[] = [
  ...['prerouting', 'input', 'forward', 'output', 'postrouting'].map((hook): Base => ({ hook, type: 'filter' })),
  { hook: 'output', type: 'route' },
  ...['prerouting', 'output', 'postrouting', 'input'].map((hook): Base => ({ hook, type: 'nat' })),
];

/** Priorities differ, because the order of chains with the same one is not known. */
const priorities: Readonly<Record<Base['type'], readonly number[]>> = {
  filter: [-310, -180, -120, -20, 20, 70, 130],
  route: [-140, -40],
  nat: [-90, -110, 90, 110],
};

const answers = 'ct state established,related accept';

export const nativeRules = (dice: Dice): string => {
  const family = dice.pick(['ip', 'inet', 'inet']);
  const used = new Set<string>();
  const chosen = bases
    .filter(() => dice.chance(0.45))
    .map((base, index) => ({ ...base, name: `b${index}`, priority: dice.pick(priorities[base.type]) }));
  const unique = chosen.filter(({ hook, type, priority }) => {
    const key = `${hook} ${type === 'nat' ? 'nat' : ''} ${priority}`;
    return !used.has(key) && used.add(key);
  });
  const chain = ({ name, hook, type, priority }: (typeof unique)[number]): string => {
    const policy = type !== 'nat' && dice.chance(0.1) ? 'drop' : 'accept';
    const side = type !== 'nat' ? 'c' : hook === 'prerouting' || hook === 'output' ? 'd' : 's';
    const rules = Array.from({ length: 1 + dice.number(4) }, () =>
      ruleOf(dice, { hook, type, side, depth: -1, family }),
    );
    const first = type === 'nat' ? [] : [answers];
    return `chain ${name} { type ${type} hook ${hook} priority ${priority}; policy ${policy};\n${[...first, ...rules].join('\n')}\n}`;
  };
  const own = (['c', 'd', 's'] as const).flatMap((side) =>
    [2, 1, 0].map((depth) => {
      const type = side === 'c' ? ('filter' as const) : ('nat' as const);
      const rules = Array.from({ length: dice.number(3) }, () => ruleOf(dice, { hook: '', type, side, depth, family }));
      return `chain ${side}${depth} {\n${rules.join('\n')}\n}`;
    }),
  );
  return `table ${family} native {\n${setsOf(dice)}\n${own.join('\n')}\n${unique.map(chain).join('\n')}\n}\n`;
};

const setsOf = (dice: Dice): string => {
  const some = <T>(count: number, list: readonly T[]): T[] => [
    ...new Set(Array.from({ length: count }, () => dice.pick(list))),
  ];
  const verdict = (): string => dice.pick(['drop', 'accept', 'jump c1', 'goto c2', 'return']);
  const pairs = some(
    4,
    virtualAddresses.flatMap((address) =>
      ports.flatMap((port) => ['tcp', 'udp'].map((protocol) => `${address} . ${protocol} . ${port}`)),
    ),
  );
  return [
    `set hosts { type ipv4_addr; elements = { ${some(4, addresses).join(', ')} } }`,
    `set nets { type ipv4_addr; flags interval; elements = { 10.1.0.0/16, 192.0.2.0-192.0.2.8 } }`,
    `set doors { type inet_service; flags interval; elements = { 80-90, ${dice.pick([443, 53])} } }`,
    `map verdicts { type ipv4_addr . inet_proto . inet_service : verdict; elements = { ${pairs.map((pair) => `${pair} : ${verdict()}`).join(', ')} } }`,
    `map ends { type ipv4_addr . inet_service : ipv4_addr . inet_service; elements = { 10.96.0.1 . 80 : 10.1.0.9 . 8080, 10.96.0.2 . 80 : 10.2.0.9 . 81, 10.96.0.3 . 53 : 10.0.0.9 . 53 } }`,
  ].join('\n');
};

interface Spot {
  readonly hook: string;
  readonly type: Base['type'];
  readonly side: string;
  readonly depth: number;
  readonly family: string;
}

type Protocol = '' | 'tcp' | 'udp' | 'icmp';

const ruleOf = (dice: Dice, spot: Spot): string => {
  // A rule that compares fields of two protocols is refused.
  const protocol = dice.pick<Protocol>(['', 'tcp', 'udp', 'icmp', 'tcp', 'udp']);
  const matches = Array.from({ length: dice.pick([0, 1, 1, 2, 2]) }, () => matchOf(dice, spot, protocol));
  return [...matches, statementOf(dice, spot, protocol)].filter(Boolean).join(' ');
};

const not = (dice: Dice): string => (dice.chance(0.2) ? '!= ' : '');

const matchOf = (dice: Dice, { hook, type, family }: Spot, protocol: Protocol): string => {
  const port = (): string => dice.pick([...ports.map(String), '{ 80, 443 }', '{ 53, 80-90 }', '1-100', '@doors']);
  const general: (() => string)[] = [
    () => `ip saddr ${not(dice)}${dice.pick([...addresses, '10.0.0.0/8', '10.0.0.5-10.0.0.20', '@hosts', '@nets'])}`,
    () =>
      `ip daddr ${not(dice)}${dice.pick([...addresses, ...virtualAddresses, '10.96.0.0/12', '@hosts', '@nets', '{ 10.0.0.9, 10.96.0.0/24 }'])}`,
    () => `iifname ${not(dice)}${dice.pick([...links.map((link) => `"${link}"`), '"e*"', '"lo"', '{ "e0", "e1" }'])}`,
    () => `oifname ${not(dice)}${dice.pick([...links.map((link) => `"${link}"`), '"e*"', '"lo"'])}`,
    () => `iif ${not(dice)}${dice.pick(links)}`,
    () => `oif ${not(dice)}${dice.pick(links)}`,
    () => `meta mark ${dice.pick(['0x1', '!= 0x0', '& 0xf == 0x1', 'and 0x2 != 0', '{ 1, 2 }'])}`,
    () => `ct state ${not(dice)}${dice.pick(['new', 'invalid', 'untracked', 'new,untracked'])}`,
    () => `ct status ${dice.pick(['dnat', 'snat'])}`,
    () => `ct mark ${dice.pick(['0x1', '!= 0x0'])}`,
    () => `ct original ip daddr ${dice.pick(virtualAddresses)}`,
    () => `fib ${dice.pick(['daddr', 'saddr'])} type ${not(dice)}${dice.pick(['local', 'unicast', 'broadcast'])}`,
    () => `numgen random mod ${dice.pick(['2 == 0', '4 < 1', '10 >= 5'])}`,
    () => `ip ttl ${dice.pick(['64', '< 64', '!= 63'])}`,
    () => dice.pick(['limit rate 5/second', 'limit rate over 2/minute burst 9 packets', 'quota over 900 bytes']),
    () => `ip length ${dice.pick(['36', '> 36', '< 100'])}`,
  ];
  if (family === 'inet') general.push(() => 'meta nfproto ipv4');
  if (type === 'filter' && /^(prerouting|forward|input)$/.test(hook))
    general.push(() => `fib saddr ${dice.pick(['oif', '. iif oif'])} ${dice.pick(['missing', 'exists'])}`);
  const own: Readonly<Record<Protocol, readonly (() => string)[]>> = {
    '': [
      () => `meta l4proto ${not(dice)}${dice.pick(['tcp', 'udp', 'icmp', '{ tcp, udp }'])}`,
      () => `meta l4proto { tcp, udp } th dport ${not(dice)}${port()}`,
      () => `ip protocol ${not(dice)}${dice.pick(['tcp', 'udp', 'icmp'])}`,
      () =>
        `meta l4proto { tcp, udp } ip daddr . meta l4proto . th dport { 10.96.0.1 . tcp . 80, 10.96.0.2 . udp . 53 }`,
    ],
    tcp: [
      () => `tcp dport ${not(dice)}${port()}`,
      () => `tcp sport ${not(dice)}${dice.pick(['2000-2100', '80'])}`,
      () =>
        `tcp flags ${dice.pick(['syn', '& (fin|syn|rst|ack) == syn', '& syn != syn', 'ack', '!= syn', '& (syn|ack) == (syn|ack)'])}`,
    ],
    udp: [() => `udp dport ${not(dice)}${port()}`, () => `udp sport ${not(dice)}2000-2100`],
    icmp: [
      () =>
        `icmp type ${not(dice)}${dice.pick(['echo-request', 'echo-reply', '{ echo-request, destination-unreachable }'])}`,
    ],
  };
  return dice.pick([...general, ...own[protocol], ...own[protocol], ...own[protocol]])();
};

const statementOf = (dice: Dice, { hook, type, side, depth, family }: Spot, protocol: Protocol): string => {
  const both = `meta l4proto ${protocol === '' ? '{ tcp, udp }' : protocol} `;
  const ported = protocol !== 'icmp';
  const jump = depth < 2 ? [`jump ${side}${depth + 1}`, `goto ${side}${depth + 1}`] : [];
  const always = ['accept', 'return', 'counter', ...jump, ...jump];
  const mark = [
    'meta mark set 0x1',
    'meta mark set meta mark | 0x2',
    'meta mark set meta mark & 0xfffffff0',
    'ct mark set 0x1',
    'ct mark set meta mark',
    'meta mark set ct mark',
  ];
  if (type === 'nat') {
    if (side === 'd') {
      const to = dice.pick(['10.1.0.9', '10.2.0.9', '10.0.0.1', '192.0.2.9', '127.0.0.1']);
      return dice.pick([
        ...always,
        ...mark,
        `dnat ip to ${to}`,
        ...(ported
          ? [
              `${both}dnat ip to ${to}:${dice.pick(ports)}`,
              `${both}dnat ip to ip daddr . th dport map @ends`,
              `${both}dnat ip to numgen random mod 3 map { 0 : 10.1.0.9 . 80, 1 : 10.2.0.9 . 81, 2 : 10.22.0.5 . 8080 }`,
              `${both}redirect to :${dice.pick(ports)}`,
              'redirect',
            ]
          : []),
      ]);
    }
    const masquerade = hook === 'postrouting' ? ['masquerade', 'masquerade fully-random'] : [];
    return dice.pick([...always, ...mark, ...masquerade, 'snat ip to 10.0.0.3', 'snat ip to 203.0.113.77']);
  }
  const reject = /^(input|forward|output|prerouting)$/.test(hook)
    ? ['reject', 'reject with icmp host-prohibited', ...(protocol === 'tcp' ? ['reject with tcp reset'] : [])]
    : [];
  const usable =
    family === 'inet' ? reject.map((each) => each.replace(/^reject$/, 'reject with icmpx port-unreachable')) : reject;
  const vmaps =
    side === 'c' && depth < 0
      ? [
          ...(ported ? [`${both}ip daddr . meta l4proto . th dport vmap @verdicts`] : []),
          'ct state vmap { new : jump c0, invalid : drop }',
          ...(protocol === 'tcp' ? ['tcp dport vmap { 80 : accept, 443 : drop, 1000-65535 : jump c1 }'] : []),
        ]
      : [];
  return dice.pick([...always, ...mark, 'drop', ...usable, ...vmaps]);
};
