// Rule sets as people write them, right and wrong. Each is sent the same packets.
import type { RuleSet } from './ground.ts';

const hooks: Readonly<Record<string, readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/** `nat`, rules → the input of iptables-restore. A rule may begin with `:CHAIN POLICY`. */
const table = (name: string, ...rules: string[]): string => {
  const declared = rules.filter((rule) => rule.startsWith(':'));
  const builtIn = (hooks[name] ?? []).filter((chain) => !declared.some((line) => line.startsWith(`:${chain} `)));
  const lines = rules.filter((rule) => !rule.startsWith(':'));
  return [`*${name}`, ...builtIn.map((chain) => `:${chain} ACCEPT`), ...declared, ...lines, 'COMMIT', ''].join('\n');
};

const service = '-d 10.96.0.1/32 -p tcp -m tcp --dport 80';
const toPod = '-j DNAT --to-destination 10.1.0.9:8080';
const base = (hook: string, priority: number, ...rules: string[]): string =>
  `chain ${hook} { type filter hook ${hook} priority ${priority}; policy accept;\n${rules.join('\n')}\n}`;
const natBase = (hook: string, priority: number, ...rules: string[]): string =>
  `chain nat_${hook} { type nat hook ${hook} priority ${priority}; policy accept;\n${rules.join('\n')}\n}`;
const native = (...chains: string[]): string => `table inet lab {\n${chains.join('\n')}\n}`;

/** One table for both backends, because students meet both. */
const inBoth = (name: string, iptables: string, rest: Partial<RuleSet> = {}): RuleSet[] => [
  { ...rest, name: `${name} (nft)`, iptables },
  { ...rest, name: `${name} (legacy)`, iptablesLegacy: iptables },
];

export const handwritten: readonly RuleSet[] = [
  { name: 'no rules at all' },
  { name: 'a node that does not forward', sysctls: ['net.ipv4.ip_forward=0'] },
  { name: 'a link that does not forward', sysctls: ['net.ipv4.conf.e1.forwarding=0'] },
  { name: 'strict rp_filter', sysctls: ['net.ipv4.conf.all.rp_filter=1'] },
  { name: 'loose rp_filter', sysctls: ['net.ipv4.conf.all.rp_filter=2'] },
  { name: 'route_localnet', sysctls: ['net.ipv4.conf.all.route_localnet=1'] },
  { name: 'accept_local', sysctls: ['net.ipv4.conf.all.accept_local=1'] },
  { name: 'a table for one source', ip: ['rule add pref 1001 from 10.0.0.9 lookup 100'] },
  {
    name: 'a table for marked packets',
    ip: ['rule add pref 1001 fwmark 1/1 lookup 100'],
    iptables: table('mangle', '-A PREROUTING -p udp -j MARK --set-mark 1', '-A OUTPUT -p udp -j MARK --set-mark 1'),
  },
  { name: 'a rule by protocol and port', ip: ['rule add pref 1001 iif e0 ipproto udp dport 53 lookup 100'] },
  { name: 'a prohibited destination', ip: ['rule add pref 1001 to 10.2.0.0/16 prohibit'] },
  {
    name: 'no default route for one link',
    ip: ['rule add pref 1001 iif e0 lookup main suppress_prefixlength 0', 'rule add pref 1002 iif e0 unreachable'],
  },
  { name: 'two gateways', ip: ['route add 203.0.113.0/24 proto 99 nexthop via 10.0.0.254 nexthop via 10.1.0.254'] },
  {
    name: 'a throw route',
    ip: [
      'rule add pref 1001 from all lookup 100',
      'route add throw 10.2.0.0/16 table 100',
      'route add throw 10.22.0.0/16 table 100',
    ],
  },
  ...inBoth('a service', table('nat', `-A PREROUTING ${service} ${toPod}`, `-A OUTPUT ${service} ${toPod}`)),
  ...inBoth('a service, forgotten for the node itself', table('nat', `-A PREROUTING ${service} ${toPod}`)),
  ...inBoth(
    'a service with masquerading',
    table(
      'nat',
      `-A PREROUTING ${service} ${toPod}`,
      `-A OUTPUT ${service} ${toPod}`,
      '-A POSTROUTING -d 10.1.0.9/32 -j MASQUERADE',
    ),
  ),
  ...inBoth(
    'a masquerade that leaves out pods',
    table('nat', '-A POSTROUTING -s 10.0.0.0/8 ! -d 10.0.0.0/8 -j MASQUERADE'),
  ),
  ...inBoth(
    'the wrong protocol',
    table('nat', '-A PREROUTING -d 10.96.0.1/32 -p udp -m udp --dport 80 -j DNAT --to-destination 10.1.0.9:8080'),
  ),
  ...inBoth('the port forgotten', table('nat', '-A PREROUTING -d 10.96.0.1/32 -j DNAT --to-destination 10.1.0.9')),
  ...inBoth(
    'an ACCEPT before the DNAT',
    table('nat', '-A PREROUTING -d 10.96.0.0/16 -j ACCEPT', `-A PREROUTING ${service} ${toPod}`),
  ),
  ...inBoth(
    'a balance over two pods',
    table(
      'nat',
      `-A PREROUTING ${service} -m statistic --mode random --probability 0.5 -j DNAT --to-destination 10.1.0.9:8080`,
      `-A PREROUTING ${service} -j DNAT --to-destination 10.2.0.9:8080`,
    ),
  ),
  ...inBoth(
    'a node port',
    table(
      'nat',
      '-A PREROUTING -p tcp -m tcp --dport 30080 -m addrtype --dst-type LOCAL -j DNAT --to-destination 10.1.0.9:80',
      '-A OUTPUT -p tcp -m tcp --dport 30080 -m addrtype --dst-type LOCAL -j DNAT --to-destination 10.1.0.9:80',
      '-A POSTROUTING -j MASQUERADE',
    ),
    { sysctls: ['net.ipv4.conf.all.route_localnet=1'] },
  ),
  ...inBoth(
    'a node port without route_localnet',
    table(
      'nat',
      '-A OUTPUT -p tcp -m tcp --dport 30080 -j DNAT --to-destination 10.1.0.9:80',
      '-A POSTROUTING -j MASQUERADE',
    ),
  ),
  ...inBoth(
    'a redirect',
    table(
      'nat',
      '-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080',
      '-A OUTPUT -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080',
    ),
  ),
  ...inBoth('a DNAT into loopback', table('nat', `-A PREROUTING ${service} -j DNAT --to-destination 127.0.0.1:8080`)),
  ...inBoth('SNAT to a foreign address', table('nat', '-A POSTROUTING -o e0 -j SNAT --to-source 203.0.113.77')),
  ...inBoth('SNAT for local sockets', table('nat', '-A INPUT -p udp -j SNAT --to-source 203.0.113.77')),
  ...inBoth('policy DROP', table('filter', ':FORWARD DROP', '-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT')),
  ...inBoth(
    'policy DROP for the node',
    table('filter', ':INPUT DROP', '-A INPUT -i lo -j ACCEPT', '-A INPUT -p icmp -j ACCEPT'),
  ),
  ...inBoth(
    'an ACCEPT before a DROP',
    table('filter', '-A FORWARD -s 10.0.0.9/32 -j ACCEPT', '-A FORWARD -s 10.0.0.0/24 -j DROP'),
  ),
  ...inBoth('multiport', table('filter', '-A FORWARD -p tcp -m multiport --dports 80,443,8000:9000 -j DROP')),
  ...inBoth('a negated source', table('filter', '-A FORWARD ! -s 10.0.0.0/24 -p udp -j REJECT')),
  ...inBoth(
    'reject with a reset',
    table(
      'filter',
      '-A FORWARD -p tcp -j REJECT --reject-with tcp-reset',
      '-A INPUT -p tcp -m tcp --syn -j REJECT --reject-with tcp-reset',
    ),
  ),
  ...inBoth('invalid packets', table('filter', '-A FORWARD -m conntrack --ctstate INVALID -j DROP')),
  ...inBoth(
    'only translated packets',
    table('filter', ':FORWARD DROP', '-A FORWARD -m conntrack --ctstate DNAT -j ACCEPT') +
      table('nat', `-A PREROUTING ${service} ${toPod}`),
  ),
  ...inBoth(
    'the first destination of a connection',
    table('filter', '-A FORWARD -m conntrack --ctorigdst 10.96.0.1 -j DROP') +
      table('nat', `-A PREROUTING ${service} ${toPod}`),
  ),
  ...inBoth(
    'untracked packets are not translated',
    table('raw', '-A PREROUTING -p tcp -j CT --notrack') + table('nat', `-A PREROUTING ${service} ${toPod}`),
  ),
  ...inBoth(
    'a chain entered by goto',
    table(
      'filter',
      ':A - [0:0]',
      ':B - [0:0]',
      '-A FORWARD -j A',
      '-A FORWARD -p udp -j DROP',
      '-A A -g B',
      '-A A -j DROP',
      '-A B -p tcp -j DROP',
    ),
  ),
  ...inBoth(
    'iprange and u32',
    table(
      'filter',
      '-A FORWARD -m iprange --src-range 10.0.0.1-10.0.0.50 -j DROP',
      '-A FORWARD -m u32 --u32 "0x10=0xa020009" -j DROP',
    ),
  ),
  ...inBoth(
    'sets',
    table(
      'filter',
      '-A FORWARD -m set --match-set hosts src -j DROP',
      '-A FORWARD -m set ! --match-set nets dst -j REJECT',
    ),
    {
      ipset:
        'create hosts hash:ip family inet\nadd hosts 10.0.0.77\ncreate nets hash:net family inet\nadd nets 10.0.0.0/8\nadd nets 10.2.0.0/16 nomatch',
    },
  ),
  ...inBoth(
    'a mark that the policy rule sees',
    table(
      'mangle',
      '-A OUTPUT -d 192.0.2.0/24 -j MARK --set-xmark 0x1/0xf',
      '-A PREROUTING -d 192.0.2.0/24 -j MARK --set-xmark 0x1/0xf',
    ),
    { ip: ['rule add pref 1001 fwmark 1/15 blackhole'] },
  ),
  ...inBoth(
    'an interface that OUTPUT does not have',
    table('filter', ':A - [0:0]', '-A OUTPUT -j A', '-A A -i e0 -j DROP', '-A A ! -i e1 -p udp -j DROP'),
  ),
  ...inBoth(
    'the outgoing link after a DNAT in OUTPUT',
    table('nat', `-A OUTPUT ${service} ${toPod}`) +
      table('filter', '-A OUTPUT -o e1 -p tcp -j DROP') +
      table('mangle', '-A POSTROUTING -o e1 -p udp -j DROP'),
  ),
  ...inBoth(
    'a comment that looks like a rule',
    table('filter', '-A FORWARD -m comment --comment "x -j DROP" -p icmp -j ACCEPT', '-A FORWARD -p icmp -j DROP'),
  ),
  ...inBoth(
    'physdev in a routed path',
    table(
      'filter',
      '-A FORWARD -m physdev --physdev-is-bridged -j DROP',
      '-A FORWARD -m physdev ! --physdev-is-bridged -p icmp -j DROP',
    ),
  ),
  {
    name: 'legacy drops what nft accepts',
    iptables: table('filter', '-A FORWARD -j ACCEPT'),
    iptablesLegacy: table('filter', '-A FORWARD -p tcp -j DROP'),
  },
  {
    name: 'nft drops what legacy accepts',
    iptables: table('filter', '-A FORWARD -p udp -j DROP'),
    iptablesLegacy: table('filter', '-A FORWARD -j ACCEPT'),
  },
  {
    name: 'the same DNAT in both backends',
    iptables: table('nat', `-A PREROUTING ${service} ${toPod}`),
    iptablesLegacy: table('nat', `-A PREROUTING ${service} ${toPod}`),
  },
  {
    name: 'native drops before iptables',
    nft: native(base('forward', -10, 'tcp dport 80 drop')),
    iptables: table('filter', '-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT'),
  },
  {
    name: 'native accepts, iptables drops',
    nft: native(base('forward', -10, 'accept')),
    iptables: table('filter', '-A FORWARD -p tcp -j DROP'),
  },
  {
    name: 'native DNAT before that of iptables',
    nft: native(natBase('prerouting', -110, 'ip daddr 10.96.0.1 dnat ip to 10.2.0.9')),
    iptables: table('nat', `-A PREROUTING ${service} ${toPod}`),
  },
  {
    name: 'native DNAT after that of iptables',
    nft: native(natBase('prerouting', -90, 'ip daddr 10.96.0.1 dnat ip to 10.2.0.9')),
    iptables: table('nat', `-A PREROUTING ${service} ${toPod}`),
  },
  {
    name: 'a nat chain with an early priority still runs with nat',
    nft: native(
      natBase('prerouting', -199, 'ip daddr 10.96.0.1 dnat ip to 10.2.0.9'),
      base('prerouting', -150, 'ip daddr 10.96.0.1 tcp dport 443 drop'),
    ),
  },
  {
    name: 'two native bounds of one field, which nft lists as a range from high to low',
    nft: native(base('forward', 0, 'udp dport < 90 udp dport > 70 drop', 'ip length < 41 ip length > 36 accept')),
  },
  {
    name: 'a native firewall',
    nft: native(
      'chain input { type filter hook input priority 0; policy drop;\nct state established,related accept\niifname "lo" accept\ntcp dport { 80, 443 } accept\nicmp type echo-request accept\n}',
    ),
  },
  {
    name: 'verdict maps',
    nft: native(
      base(
        'forward',
        0,
        'ip daddr . meta l4proto . th dport vmap { 10.1.0.9 . tcp . 80 : drop, 10.2.0.9 . udp . 53 : drop }',
        'ct state vmap { invalid : drop, established : accept }',
        'tcp dport vmap { 1-100 : accept, 443 : drop }',
      ),
    ),
  },
  {
    name: 'a map of endpoints',
    nft: native(
      natBase(
        'prerouting',
        -100,
        'meta l4proto { tcp, udp } dnat ip to numgen random mod 2 map { 0 : 10.1.0.9 . 8080, 1 : 10.2.0.9 . 8080 }',
      ),
      natBase('postrouting', 100, 'masquerade'),
    ),
  },
  { name: 'reverse path by fib', nft: native(base('prerouting', -150, 'fib saddr . iif oif missing drop')) },
  {
    name: 'local addresses by fib',
    nft: native(
      base('prerouting', -150, 'fib daddr type local tcp dport 80 drop', 'fib saddr type local udp dport 53 drop'),
    ),
  },
  {
    name: 'TCP flags',
    nft: native(base('forward', 0, 'tcp flags & (fin|syn|rst|ack) == syn accept', 'tcp flags ack drop')),
  },
  {
    name: 'a route chain that marks',
    nft: native(
      'chain out { type route hook output priority -150; policy accept;\nip daddr 10.2.0.9 meta mark set 0x1\n}',
    ),
    ip: ['rule add pref 1001 fwmark 1/15 lookup 100'],
  },
  {
    name: 'a filter chain that marks does not route again',
    nft: native(base('output', -150, 'ip daddr 10.2.0.9 meta mark set 0x1')),
    ip: ['rule add pref 1001 fwmark 1/15 lookup 100'],
  },
  ...inBoth(
    'limits that log, and one that lets some packets through',
    table(
      'filter',
      ':LOGDROP - [0:0]',
      '-A LOGDROP -m limit --limit 5/min -j LOG --log-prefix x',
      '-A LOGDROP -j DROP',
      '-A FORWARD -p udp -m hashlimit --hashlimit-upto 5/min --hashlimit-mode srcip --hashlimit-name h -j LOGDROP',
      '-A FORWARD -p udp -j LOGDROP',
      '-A FORWARD -p tcp -m tcp --dport 80 -m limit --limit 1/hour --limit-burst 5 -j ACCEPT',
      '-A FORWARD -p tcp -m tcp --dport 80 -j REJECT',
      '-A FORWARD -p tcp -m string --string "evil" --algo bm -j DROP',
      '-A INPUT -p tcp -m connlimit --connlimit-above 2 -j REJECT --reject-with tcp-reset',
    ),
  ),
  {
    name: 'limits of nft',
    nft: native(
      base('forward', 0, 'udp dport 53 limit rate 3/minute accept', 'udp dport 53 drop', 'quota over 500 bytes drop'),
      'set seen { type ipv4_addr; flags dynamic; timeout 1m; }',
      base('input', 0, 'tcp dport 80 add @seen { ip saddr limit rate over 2/minute } drop'),
    ),
  },
  {
    name: 'a dormant table',
    nft: 'table inet lab {\nflags dormant;\nchain f { type filter hook forward priority 0; policy drop;\n}\n}',
  },
  {
    name: 'masquerade by the incoming link',
    nft: native(natBase('postrouting', 100, 'iifname "e0" masquerade', 'oifname "e0" snat ip to 10.0.0.3')),
  },
  {
    name: 'reject of all kinds',
    nft: native(
      base(
        'forward',
        0,
        'tcp dport 80 reject with tcp reset',
        'tcp dport 443 reject with icmpx admin-prohibited',
        'udp dport 53 reject',
        'icmp type echo-request reject with icmp host-unreachable',
      ),
    ),
  },
];
