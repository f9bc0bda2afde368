// Rule sets and packets of IPv4 → the same of IPv6, so that each is compared with the kernel in both families.
import { formatIp, parseIp } from '../../../src/api/ip.ts';
import type { Probe, RuleSet } from './ground.ts';
import { lengthOf } from './wire.ts';

/** 10.0.0.9 is fd00::a00:9, and 127.0.0.1 is ::1. */
export const six = (address: string): string => {
  const [first = '', length] = address.split('/');
  if (/^127\./.test(first)) return length === undefined ? '::1' : '::1/128';
  if (first === '0.0.0.0' && length === '0') return '::/0';
  const ip = parseIp(first);
  if (!ip) throw new Error(`"${address}" is no address`);
  const text = formatIp({ bits: 128, value: (0xfd00n << 112n) | ip.value });
  return length === undefined ? text : `${text}/${Number(length) + 96}`;
};

const ipv4 = /(?<![\d.:])\d+\.\d+\.\d+\.\d+(?:\/\d+)?(?![\d.])/g;
const replaceAll = (text: string): string => text.replace(ipv4, six);

/** `10.0.0.5-10.0.0.9:80` is `[fd00::a00:5-fd00::a00:9]:80`. */
const natTarget = (target: string): string => {
  const [, addresses = '', port] = /^(.*?)(:\d+(?:-\d+)?)?$/.exec(target) ?? [];
  const text = replaceAll(addresses);
  return port === undefined ? text : addresses === '' ? port : `[${text}]${port}`;
};

type Replacement = readonly [from: RegExp, to: string | ((text: string) => string)];
const apply = (text: string, replacements: readonly Replacement[]): string =>
  replacements.reduce(
    (all, [from, to]) => (typeof to === 'string' ? all.replace(from, to) : all.replace(from, to)),
    text,
  );

const both: readonly Replacement[] = [
  [/\bicmp-host-prohibited\b/g, 'icmp6-adm-prohibited'],
  [/\bicmp-port-unreachable\b/g, 'icmp6-port-unreachable'],
];

/** What has no counterpart, such as bytes of an IPv4 header, goes. */
export const iptablesOfSix = (text: string): string =>
  replaceAll(
    apply(text, [
      ...both,
      [/ -m u32 (! )?--u32 "[^"]*"/g, ''],
      [/\/255\.0\.0\.255/g, '/32'],
      [/(?<=--to-(?:destination|source) )\S+/g, natTarget],
      [/-m ttl --ttl-/g, '-m hl --hl-'],
      [/(?<=--length )(36|40|0:38)/g, (length) => ({ '36': '56', '40': '60' })[length] ?? '0:58'],
      [/-m icmp (! )?--icmp-type (\S+)/g, (match) => icmpType(match)],
      [/-p icmp\b/g, '-p ipv6-icmp'],
      [/\bBROADCAST\b/g, 'MULTICAST'],
    ]),
  );

const icmpType = (match: string): string =>
  match
    .replace('-m icmp ', '-m icmp6 ')
    .replace('--icmp-type', '--icmpv6-type')
    .replace(/ 8$/, ' 128')
    .replace(/ 3\/3$/, ' 1/4');

export const nftOfSix = (text: string): string =>
  replaceAll(
    apply(text, [
      [/\btable ip\b/g, 'table ip6'],
      [/\bip protocol\b/g, 'ip6 nexthdr'],
      [/\bip ttl\b/g, 'ip6 hoplimit'],
      [/\bip length (> )?36\b/g, (match) => match.replace('ip ', 'ip6 ').replace('36', '16')],
      [/\bip (?=length|saddr|daddr)/g, 'ip6 '],
      [/\b([ds]nat) ip\b/g, (match) => `${match}6`],
      [/(?<= to )\d+\.\d+\.\d+\.\d+:\d+/g, natTarget],
      [
        /\bicmp (host|net)-(prohibited|unreachable)\b/g,
        (match) => (/prohib/.test(match) ? 'icmpv6 admin-prohibited' : 'icmpv6 addr-unreachable'),
      ],
      [/\bicmp\b/g, 'icmpv6'],
      [/\bipv4_addr\b/g, 'ipv6_addr'],
      [/\bnfproto ipv4\b/g, 'nfproto ipv6'],
    ]),
  );

export const ruleSetOfSix = (rules: RuleSet): RuleSet => {
  const { iptables, iptablesLegacy, nft, ipset, ip, sysctls } = rules;
  return {
    name: `${rules.name} in IPv6`,
    ...(iptables === undefined ? {} : { iptables: iptablesOfSix(iptables) }),
    ...(iptablesLegacy === undefined ? {} : { iptablesLegacy: iptablesOfSix(iptablesLegacy) }),
    ...(nft === undefined ? {} : { nft: nftOfSix(nft) }),
    ...(ipset === undefined ? {} : { ipset: replaceAll(ipset.replaceAll('family inet', 'family inet6')) }),
    ...(ip === undefined ? {} : { ip: ip.map(replaceAll) }),
    sysctls: (sysctls ?? []).flatMap((line) =>
      line === 'net.ipv4.ip_forward=0' ? ['net.ipv6.conf.all.forwarding=0'] : [],
    ),
  };
};

export const probeOfSix = ({ packet, entry }: Probe): Probe => {
  const protocol = packet.protocol === 'icmp' ? 'icmpv6' : (packet.protocol ?? 'tcp');
  const { length } = packet;
  return {
    packet: {
      ...packet,
      protocol,
      source: six(packet.source),
      destination: six(packet.destination),
      ...(length === undefined ? {} : { length: lengthOf(protocol, 'ip6') }),
    },
    entry,
  };
};
