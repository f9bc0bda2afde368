// The model of a node: hooks, routing, NAT, conntrack and IPVS, by packets.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TraceLimitError } from '../../../../src/dataplane/node/budget.ts';
import { casesOf } from '../../../../src/dataplane/node/conditions.ts';
import { readNode } from '../../../../src/dataplane/node/node.ts';
import type { Branch, Entry, SentPacket } from '../../../../src/dataplane/node/packet.ts';
import { sendPacket } from '../../../../src/dataplane/node/send.ts';
import type { NodeTexts } from '../../../../src/dataplane/node/texts.ts';
import { saved, textsOf } from '../../../support/dataplane/texts.ts';

const links = { eth0: ['10.0.0.1/24'], cni0: ['10.244.1.1/24'] };
const byDefault = [{ dst: 'default', gateway: '10.0.0.254', dev: 'eth0', flags: [] }];
const texts = (rest: Partial<NodeTexts> = {}): NodeTexts => textsOf(links, byDefault, rest);
const fromPod: Entry = { kind: 'link', link: 'cni0' };
const fromOutside: Entry = { kind: 'link', link: 'eth0' };
const ofProcess: Entry = { kind: 'process' };

const brief = ({ end, headers, probability }: Branch): string => {
  const { source, destination, destinationPort } = headers;
  const detail =
    end.kind === 'leaves'
      ? ` ${end.link} ${end.nextHop}`
      : end.kind === 'rejected'
        ? ` ${end.with}`
        : end.kind === 'unknown'
          ? ` ${end.reasons.join('; ')}`
          : '';
  return `${end.kind}${detail}: ${source} > ${destination}:${destinationPort}${probability < 1 ? ` ${probability.toFixed(2)}` : ''}`;
};
const send = (node: NodeTexts, packet: Partial<SentPacket> & { destination: string }, entry: Entry): string[] =>
  sendPacket(readNode(node), { destinationPort: 80, ...packet }, entry).map(brief);

const broadcasting = textsOf(links, [
  ...byDefault,
  { type: 'broadcast', dst: '10.0.0.255', dev: 'eth0', table: 'local', scope: 'link', flags: [] },
]);
const pod = '10.244.1.5';
const ahead = { source: pod, destination: '192.0.2.1' };

describe('routing', () => {
  test('a packet leaves by the route with the longest prefix', () => {
    expect(send(texts(), ahead, fromPod)).toEqual(['leaves eth0 10.0.0.254: 10.244.1.5 > 192.0.2.1:80']);
    expect(send(texts(), { source: pod, destination: '10.0.0.9' }, fromPod)).toEqual([
      'leaves eth0 10.0.0.9: 10.244.1.5 > 10.0.0.9:80',
    ]);
  });

  test('a policy rule chooses the table by mark', () => {
    const other = { dst: 'default', gateway: '10.244.1.9', dev: 'cni0', table: '7', flags: [] };
    const rules = JSON.stringify([
      { priority: 0, src: 'all', table: 'local' },
      { priority: 5, src: 'all', fwmark: '0x2', fwmask: '0xf', table: '7' },
      { priority: 32_766, src: 'all', table: 'main' },
    ]);
    const node = textsOf(links, [...byDefault, other], {
      rules,
      iptables: saved('*mangle\n-A PREROUTING -d 192.0.2.1/32 -j MARK --set-xmark 0x2/0xffffffff'),
    });
    expect(send(node, { source: '10.0.0.7', destination: '192.0.2.1' }, fromOutside)).toEqual([
      'leaves cni0 10.244.1.9: 10.0.0.7 > 192.0.2.1:80',
    ]);
  });

  test.each([
    ['no route', textsOf(links), ahead, fromPod, 'unroutable'],
    ['ip_forward is 0', texts({ sysctls: 'net.ipv4.ip_forward = 0' }), ahead, fromPod, 'dropped'],
    ['a loopback destination', texts(), { source: pod, destination: '127.0.0.1' }, fromPod, 'dropped'],
    ['a source of the node itself', texts(), { source: '10.0.0.1', destination: '192.0.2.1' }, fromPod, 'dropped'],
    [
      'rp_filter',
      texts({ sysctls: 'net.ipv4.ip_forward=1\nnet.ipv4.conf.all.rp_filter = 1' }),
      { source: '10.0.0.9', destination: '192.0.2.1' },
      fromPod,
      'dropped',
    ],
    [
      'a blackhole',
      textsOf(links, [...byDefault, { type: 'blackhole', dst: '192.0.2.0/24' }]),
      ahead,
      fromPod,
      'dropped',
    ],
    ['multicast, of UDP', texts(), { source: pod, destination: '224.0.0.1', protocol: 'udp' }, fromPod, 'unknown'],
    ['multicast, of TCP', texts(), { source: pod, destination: '224.0.0.1' }, fromPod, 'dropped'],
    ['broadcast, of TCP', texts(), { source: pod, destination: '255.255.255.255' }, fromPod, 'dropped'],
    [
      'broadcast, of UDP',
      texts(),
      { source: pod, destination: '255.255.255.255', protocol: 'udp' },
      fromPod,
      'unknown',
    ],
    ['a route of broadcast', broadcasting, { source: pod, destination: '10.0.0.255' }, fromPod, 'dropped'],
    ['a process that connects to all', broadcasting, { destination: '10.0.0.255' }, ofProcess, 'unroutable'],
    ['a process that connects to a group', texts(), { destination: '224.0.0.1' }, ofProcess, 'unroutable'],
    [
      'a datagram of a process to all',
      broadcasting,
      { destination: '10.0.0.255', protocol: 'udp' },
      ofProcess,
      'unknown',
    ],
  ] as const)('%s', (_name, node, packet, entry, kind) => {
    expect(sendPacket(readNode(node), { destinationPort: 80, ...packet }, entry).map(({ end }) => end.kind)).toEqual([
      kind,
    ]);
  });

  test('rp_filter looks the way back up as if the answer came from the outgoing link', () => {
    const rules = JSON.stringify([
      { priority: 0, src: 'all', table: 'local' },
      { priority: 5, src: 'all', iif: 'eth0', action: 'unreachable' },
      { priority: 32_766, src: 'all', table: 'main' },
    ]);
    const filter = (value: number) => `net.ipv4.ip_forward=1\nnet.ipv4.conf.cni0.rp_filter=${value}`;
    expect(send(texts({ rules, sysctls: filter(1) }), ahead, fromPod)[0]).toMatch(/^dropped/);
    expect(send(texts({ rules, sysctls: filter(0) }), ahead, fromPod)[0]).toMatch(/^leaves/);
  });

  test('a packet to the node is delivered; whether a socket listens is said', () => {
    const node = readNode(texts({ listeners: [{ protocol: 'tcp', address: '0.0.0.0', port: 80 }] }));
    const end = (destinationPort: number) =>
      sendPacket(node, { source: '10.0.0.9', destination: '10.244.1.1', destinationPort }, fromOutside)[0]?.end;
    expect(end(80)).toEqual({ kind: 'delivered', listening: true });
    expect(end(81)).toEqual({ kind: 'delivered', listening: false });
  });

  test('the kernel chooses the source of a process by the route', () => {
    expect(send(texts(), { destination: '192.0.2.1' }, ofProcess)).toEqual([
      'leaves eth0 10.0.0.254: 10.0.0.1 > 192.0.2.1:80',
    ]);
    expect(send(texts(), { destination: '10.244.1.1' }, ofProcess)).toEqual(['delivered: 10.244.1.1 > 10.244.1.1:80']);
  });
});

describe('NAT', () => {
  const dnat = '-j DNAT --to-destination 10.244.1.7:8080';

  test('the routing decision follows DNAT, and masquerade takes the address of the link', () => {
    const iptables = saved(
      `*nat\n-A PREROUTING -d 10.96.0.1/32 -p tcp -m tcp --dport 80 ${dnat}\n-A POSTROUTING -j MASQUERADE`,
    );
    expect(send(texts({ iptables }), { source: '10.0.0.9', destination: '10.96.0.1' }, fromOutside)).toEqual([
      'leaves cni0 10.244.1.7: 10.244.1.1 > 10.244.1.7:8080',
    ]);
  });

  test('a process is routed again after DNAT, but -o in OUTPUT still shows the first link', () => {
    const iptables = saved(`*nat\n-A OUTPUT -d 10.96.0.1/32 -p tcp ${dnat}\n*filter\n-A OUTPUT -o cni0 -j DROP`);
    expect(send(texts({ iptables }), { destination: '10.96.0.1' }, ofProcess)).toEqual([
      'leaves cni0 10.244.1.7: 10.0.0.1 > 10.244.1.7:8080',
    ]);
  });

  test('127.0.0.1 leaves the node only with route_localnet', () => {
    const iptables = saved(`*nat\n-A OUTPUT -p tcp -m tcp --dport 30000 ${dnat}\n-A POSTROUTING -j MASQUERADE`);
    const packet = { source: '127.0.0.1', destination: '127.0.0.1', destinationPort: 30_000 };
    expect(send(texts({ iptables }), packet, ofProcess)[0]).toMatch(/^dropped/);
    const sysctls = 'net.ipv4.ip_forward=1\nnet.ipv4.conf.all.route_localnet=1';
    expect(send(texts({ iptables, sysctls }), packet, ofProcess)).toEqual([
      'leaves cni0 10.244.1.7: 10.244.1.1 > 10.244.1.7:8080',
    ]);
  });

  test('of the nat tables of two backends, whose order is not visible, both may decide', () => {
    const rule = (to: string) => saved(`*nat\n-A PREROUTING -d 10.96.0.1/32 -p tcp -j DNAT --to-destination ${to}`);
    const node = texts({ iptables: rule('10.244.1.7'), iptablesLegacy: rule('10.244.1.8') });
    const [one, ...others] = sendPacket(readNode(node), { source: pod, destination: '10.96.0.1' }, fromPod);
    expect([one, ...others].map((branch) => branch?.end.kind)).toEqual(['unknown', 'unknown']);
    const same = texts({ iptables: rule('10.244.1.7'), iptablesLegacy: rule('10.244.1.7') });
    expect(send(same, { source: pod, destination: '10.96.0.1' }, fromPod)).toHaveLength(1);
  });

  test('a known connection is translated without rules', () => {
    const conntrack =
      'tcp 6 99 ESTABLISHED src=10.244.1.5 dst=10.96.0.1 sport=4000 dport=80 src=10.0.0.9 dst=10.0.0.1 sport=8080 dport=4000 [ASSURED] mark=0 use=1';
    const node = texts({ conntrack, iptables: saved('*filter\n-A FORWARD -m conntrack --ctstate NEW -j DROP') });
    expect(send(node, { source: pod, destination: '10.96.0.1', sourcePort: 4000 }, fromPod)).toEqual([
      'leaves eth0 10.0.0.9: 10.0.0.1 > 10.0.0.9:8080',
    ]);
    const reply = { source: '10.0.0.9', sourcePort: 8080, destination: '10.0.0.1', destinationPort: 4000 };
    expect(send(node, reply, fromOutside)).toEqual(['leaves cni0 10.244.1.5: 10.96.0.1 > 10.244.1.5:4000']);
  });

  test('a known connection leaves with the probability that its rule has', () => {
    const iptables = saved(
      `*nat\n-A PREROUTING -d 10.96.0.1/32 -m statistic --mode random --probability 0.25 -j DNAT --to-destination 10.244.1.7\n-A PREROUTING -d 10.96.0.1/32 -j DNAT --to-destination 10.244.1.8`,
    );
    expect(send(texts({ iptables }), { source: pod, destination: '10.96.0.1' }, fromPod).toSorted()).toEqual([
      'leaves cni0 10.244.1.7: 10.244.1.5 > 10.244.1.7:80 0.25',
      'leaves cni0 10.244.1.8: 10.244.1.5 > 10.244.1.8:80 0.75',
    ]);
  });
});

describe('filters', () => {
  test('says which rule dropped, and the policy', () => {
    const node = readNode(
      texts({ iptables: saved(':FORWARD DROP [0:0]\n-A FORWARD -s 10.244.1.6/32 -m comment --comment mine -j DROP') }),
    );
    const by = (source: string) => sendPacket(node, { source, destination: '192.0.2.1' }, fromPod)[0]?.end;
    expect(by('10.244.1.6')).toMatchObject({
      kind: 'dropped',
      step: { kind: 'rule', chain: 'FORWARD', position: 1, comment: 'mine' },
    });
    expect(by(pod)).toMatchObject({ kind: 'dropped', step: { kind: 'policy', chain: 'FORWARD' } });
  });

  test('legacy rules stand beside those of nft', () => {
    const node = texts({ iptables: saved('-A FORWARD -j ACCEPT'), iptablesLegacy: saved('-A FORWARD -j DROP') });
    expect(send(node, ahead, fromPod)[0]).toMatch(/^dropped/);
  });

  test('an invalid packet has no connection: neither a mark nor NAT', () => {
    const iptables = saved('*nat\n-A POSTROUTING -j MASQUERADE\n*filter\n-A FORWARD -m connmark --mark 0x0 -j DROP');
    const node = texts({ iptables });
    expect(send(node, ahead, fromPod)[0]).toMatch(/^dropped/);
    expect(send(node, { ...ahead, tcpFlags: ['fin', 'ack'] }, fromPod)[0]).toMatch(/^leaves .* 10.244.1.5 >/);
  });

  const perMinute = '-m limit --limit 3/min';
  test.each([
    ['only logs', `-A FORWARD ${perMinute} -j LOG\n-A FORWARD -j DROP`, 'dropped'],
    ['drops what is dropped anyway', `-A FORWARD ${perMinute} -j DROP\n-A FORWARD -p tcp -j DROP`, 'dropped'],
    [
      'marks what nobody asks about',
      [
        `*mangle\n-A FORWARD ${perMinute} -j MARK --set-mark 1`,
        '*filter\n-A FORWARD -m mark --mark 1 -j DROP\n-A FORWARD -j DROP',
      ].join('\n'),
      'dropped',
    ],
    [
      'is one of several ways to the same end',
      [
        `-A FORWARD ${perMinute} -j DROP`,
        '-A FORWARD -m hashlimit --hashlimit-upto 3/min --hashlimit-name h -j DROP\n-A FORWARD -j DROP',
      ].join('\n'),
      'dropped',
    ],
  ])('a limit that %s changes nothing', (_, rules, end) => {
    const branches = sendPacket(readNode(texts({ iptables: saved(rules) })), ahead, fromPod);
    expect(branches).toMatchObject([{ end: { kind: end }, conditions: [], probability: 1 }]);
  });

  test.each([
    [perMinute],
    ['-m hashlimit --hashlimit-above 3/min --hashlimit-name h'],
    ['-m quota --quota 1000'],
    ['-p tcp -m connlimit --connlimit-above 3'],
    ['-m time --timestart 08:00 --timestop 17:00'],
    ['-m recent --update --seconds 60 --hitcount 4 --name ssh'],
  ])('within %s, a packet goes another way than beyond', (match) => {
    const node = readNode(texts({ iptables: saved(`-A FORWARD ${match} -j DROP`), recent: {} }));
    const rule = `rule 1 of chain FORWARD in table filter: ${match.replace('-p tcp ', '')}`;
    expect(sendPacket(node, ahead, fromPod)).toMatchObject([
      { end: { kind: 'dropped' }, probability: 1, conditions: [{ text: rule, holds: true }] },
      { end: { kind: 'leaves' }, probability: 1, conditions: [{ text: rule, holds: false }] },
    ]);
  });

  test('the ways are told apart by cases, each with all of the probability', () => {
    const rules = [
      '*nat\n-A PREROUTING -m statistic --mode random --probability 0.5 -j DNAT --to-destination 10.244.1.7',
      '-A PREROUTING -j DNAT --to-destination 10.244.1.8',
      `*filter\n-A FORWARD -d 10.244.1.7/32 ${perMinute} -j REJECT`,
      `-A FORWARD ${perMinute} -j ACCEPT\n-A FORWARD -j DROP`,
    ].join('\n');
    const branches = sendPacket(readNode(texts({ iptables: saved(rules) })), ahead, fromOutside);
    const cases = casesOf(branches).map((some) => some.map(({ end, probability }) => `${end.kind} ${probability}`));
    expect(cases.map((some) => some.toSorted().join())).toEqual([
      'leaves 0.5,rejected 0.5',
      'dropped 0.5,rejected 0.5',
      'leaves 0.5,leaves 0.5',
      'dropped 0.5,dropped 0.5',
    ]);
  });

  const evil = '-m string --string "evil" --algo bm';
  test.each([
    ['a packet that opens a connection', `-A FORWARD ${evil} -j DROP`, {}, ['leaves']],
    ['the same, negated', '-A FORWARD -m string ! --string "evil" --algo bm -j DROP', {}, ['dropped']],
    ['hexadecimal', '-A FORWARD -m string --hex-string "|65 76|il" --algo bm -j DROP', {}, ['leaves']],
    ['its own address', '-A FORWARD -m string --hex-string "|0af40105|" --algo bm -j DROP', {}, ['unknown', 'unknown']],
    ['a packet with data', `-A FORWARD ${evil} -j DROP`, { tcpFlags: ['ack'] }, ['unknown', 'unknown']],
    ['a datagram', `-A FORWARD ${evil} -j DROP`, { protocol: 'udp' }, ['unknown', 'unknown']],
  ])('a search in the payload: %s', (_, rules, packet, ends) => {
    const node = readNode(texts({ iptables: saved(rules) }));
    expect(sendPacket(node, { ...ahead, ...packet }, fromPod).map(({ end }) => end.kind)).toEqual(ends);
  });

  test('what the model cannot judge is unknown, not an end', () => {
    const node = texts({ iptables: saved('-A FORWARD -m string --string x --algo bm -j DROP') });
    expect(sendPacket(readNode(node), ahead, fromPod).map(({ end }) => end)).toMatchObject([
      { kind: 'unknown', perhaps: { kind: 'dropped' } },
      { kind: 'unknown', perhaps: { kind: 'leaves' } },
    ]);
  });

  test.each([
    ['-m iprange --src-range 10.244.1.4-10.244.1.6', true],
    ['-m u32 --u32 "0xc=0xaf40105"', true],
    ['-m u32 --u32 "0x6&0xff=0x6&&0x14&0xffff=0x50"', true],
    ['-m u32 --u32 "0x6&0xff=0x11"', false],
    ['-p tcp -m multiport --dports 79:81', true],
    ['-m addrtype --dst-type LOCAL', false],
    ['-m set --match-set mine src', true],
    ['-m set --match-set nets src,dst', true],
    ['-m conntrack --ctorigdst 192.0.2.1', true],
    ['-m physdev --physdev-is-bridged', false],
    ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN', true],
  ])('%s', (match, matches) => {
    const ipset =
      'create mine hash:ip family inet\nadd mine 10.244.1.5\ncreate nets hash:net,port family inet\nadd nets 10.244.0.0/16,tcp:80\n';
    const node = texts({ ipset, iptables: saved(`-A FORWARD ${match} -j DROP`) });
    expect(send(node, ahead, fromPod)[0]).toMatch(matches ? /^dropped/ : /^leaves/);
  });
});

describe('native nft', () => {
  const table = { family: 'inet', table: 't' };
  const chain = (name: string, hook: string, prio: number, type = 'filter', policy = 'accept') => ({
    chain: { ...table, name, hook, prio, type, policy },
  });
  const rule = (name: string, ...expr: object[]) => ({ rule: { ...table, chain: name, handle: 9, expr } });
  const nft = (...items: object[]): string =>
    JSON.stringify({ nftables: [{ table: { family: 'inet', name: 't' } }, ...items] });
  const field = (protocol: string, name: string) => ({ payload: { protocol, field: name } });
  const is = (left: object, right: unknown, op = '==') => ({ match: { op, left, right } });

  test.each([
    ['a limit', { limit: { rate: 3, per: 'minute', burst: 5 } }],
    ['a quota', { quota: { val: 10, val_unit: 'mbytes' } }],
    [
      'a limit for each address',
      {
        set: {
          op: 'add',
          set: '@s',
          elem: { payload: { protocol: 'ip', field: 'saddr' } },
          stmt: [{ limit: { rate: 3, per: 'second' } }],
        },
      },
    ],
  ])('%s: within it, a packet goes another way than beyond', (_, statement) => {
    const node = texts({ nft: nft(chain('c', 'forward', 0), rule('c', statement, { drop: null })) });
    expect(sendPacket(readNode(node), ahead, fromPod)).toMatchObject([
      { end: { kind: 'dropped' }, conditions: [{ holds: true }] },
      { end: { kind: 'leaves' }, conditions: [{ holds: false }] },
    ]);
  });

  test('an element of a set with a limit of its own is unknown', () => {
    const elem = [{ elem: { val: '10.244.1.5', limit: { rate: 3, per: 'second' } } }];
    const set = { set: { ...table, name: 's', type: 'ipv4_addr', elem } };
    const rules = [set, chain('c', 'forward', 0), rule('c', is(field('ip', 'saddr'), '@s'), { drop: null })];
    expect(sendPacket(readNode(texts({ nft: nft(...rules) })), ahead, fromPod)[0]?.end.kind).toBe('unknown');
  });

  test('a map leads to endpoints with equal shares', () => {
    const endpoints = {
      map: {
        ...table,
        name: 'ends',
        type: ['ipv4_addr', 'integer'],
        elem: [
          [{ concat: ['10.96.0.1', 0] }, { concat: ['10.244.1.7', 8080] }],
          [{ concat: ['10.96.0.1', 1] }, { concat: ['10.244.1.8', 8080] }],
        ],
      },
    };
    const key = { concat: [field('ip', 'daddr'), { numgen: { mode: 'random', mod: 2, offset: 0 } }] };
    const node = texts({
      nft: nft(
        endpoints,
        chain('pre', 'prerouting', -100, 'nat'),
        rule('pre', is(field('th', 'dport'), 80), { dnat: { family: 'ip', addr: { map: { key, data: '@ends' } } } }),
      ),
    });
    expect(send(node, { source: pod, destination: '10.96.0.1' }, fromPod).toSorted()).toEqual([
      'leaves cni0 10.244.1.7: 10.244.1.5 > 10.244.1.7:8080 0.50',
      'leaves cni0 10.244.1.8: 10.244.1.5 > 10.244.1.8:8080 0.50',
    ]);
    expect(send(node, ahead, fromPod)).toHaveLength(1);
  });

  test('a packet without ports meets no element that is for another protocol', () => {
    const key = { concat: [field('ip', 'daddr'), { meta: { key: 'l4proto' } }, field('th', 'dport')] };
    const elementFor = (protocol: string): unknown => [{ concat: ['10.244.1.7', protocol, 80] }, { drop: null }];
    const nodeWith = (...elem: readonly unknown[]): NodeTexts =>
      texts({ nft: nft(chain('fwd', 'forward', 0), rule('fwd', { vmap: { key, data: { set: elem } } })) });
    const ping = { source: pod, destination: '10.244.1.7', protocol: 'icmp' };
    expect(send(nodeWith(elementFor('tcp')), ping, fromPod)[0]).toMatch(/^leaves/);
    expect(send(nodeWith(elementFor('tcp'), elementFor('icmp')), ping, fromPod)[0]).toMatch(/^unknown/);
  });

  test('verdict maps, sets, intervals and states decide', () => {
    const node = texts({
      nft: nft(
        chain('fwd', 'forward', 0, 'filter', 'drop'),
        rule('fwd', {
          vmap: {
            key: { ct: { key: 'state' } },
            data: {
              set: [
                ['established', { accept: null }],
                ['invalid', { drop: null }],
              ],
            },
          },
        }),
        rule(
          'fwd',
          is(field('ip', 'saddr'), { prefix: { addr: '10.244.0.0', len: 16 } }),
          is(field('tcp', 'dport'), { set: [443, { range: [79, 81] }] }),
          { accept: null },
        ),
        rule('fwd', is(field('udp', 'dport'), 53, '!='), { reject: { type: 'tcp reset' } }),
      ),
    });
    expect(send(node, ahead, fromPod)[0]).toMatch(/^leaves/);
    expect(send(node, { ...ahead, destinationPort: 82 }, fromPod)[0]).toMatch(/^dropped/);
  });

  test('a chain after the routing decision sees the link by which the packet came', () => {
    const node = texts({
      nft: nft(
        chain('post', 'postrouting', 100, 'nat'),
        rule('post', is({ meta: { key: 'iifname' } }, 'cni0'), { masquerade: null }),
      ),
    });
    expect(send(node, ahead, fromPod)).toEqual(['leaves eth0 10.0.0.254: 10.0.0.1 > 192.0.2.1:80']);
    expect(send(node, { destination: '192.0.2.1', source: '10.244.1.1' }, ofProcess)[0]).toMatch(/: 10.244.1.1 > /);
  });

  test('"!=" with several states compares with all of them at once', () => {
    const state = (op: string) =>
      texts({
        nft: nft(
          chain('fwd', 'forward', 0),
          rule('fwd', is({ ct: { key: 'state' } }, ['new', 'untracked'], op), { drop: null }),
        ),
      });
    expect(send(state('!='), ahead, fromPod)[0]).toMatch(/^dropped/);
    expect(send(state('!'), ahead, fromPod)[0]).toMatch(/^leaves/);
    expect(send(state('in'), ahead, fromPod)[0]).toMatch(/^dropped/);
  });

  test('a dormant table has no effect; where nft hides the flag, the end is unknown', () => {
    const asleep = (flags: string) =>
      texts({
        nft: JSON.stringify({
          nftables: [{ table: { family: 'inet', name: 't', flags } }, chain('fwd', 'forward', 0, 'filter', 'drop')],
        }),
      });
    expect(send(asleep('dormant'), ahead, fromPod)[0]).toMatch(/^leaves/);
    expect(send(asleep('owner'), ahead, fromPod)[0]).toMatch(/^dropped/);
    expect(send(asleep('t'), ahead, fromPod)[0]).toMatch(/^unknown/);
  });

  test('only a chain of the type route routes a marked packet again', () => {
    const rules = JSON.stringify([
      { priority: 0, src: 'all', table: 'local' },
      { priority: 5, src: 'all', fwmark: '0x1', table: '7' },
      { priority: 32_766, src: 'all', table: 'main' },
    ]);
    const other = { dst: 'default', gateway: '10.244.1.9', dev: 'cni0', table: '7', flags: [] };
    const marking = (type: string) =>
      textsOf(links, [...byDefault, other], {
        rules,
        iptablesLegacy: saved('*mangle\n-A OUTPUT -p udp -j DROP'),
        nft: nft(
          chain('out', 'output', -150, type),
          rule('out', { mangle: { key: { meta: { key: 'mark' } }, value: 1 } }),
        ),
      });
    expect(send(marking('filter'), { destination: '192.0.2.1' }, ofProcess)[0]).toMatch(/^leaves eth0/);
    expect(send(marking('route'), { destination: '192.0.2.1' }, ofProcess)[0]).toMatch(/^leaves cni0/);
  });

  const unmodelled = (family: string, hook: string, more: object = {}, table: object = {}): NodeTexts => {
    const own = { family, table: 'n' };
    const json = {
      nftables: [
        { table: { family, name: 'n', ...table } },
        { chain: { ...own, name: 'c', type: 'filter', hook, prio: 0, policy: 'accept', ...more } },
        { rule: { ...own, chain: 'c', handle: 2, expr: [{ drop: null }] } },
        { chain: { ...own, name: 'empty', type: 'filter', hook: 'ingress', prio: 0, policy: 'accept' } },
      ],
    };
    const details = { cni0: { linkinfo: { info_kind: 'bridge' } } };
    return textsOf(links, byDefault, { nft: JSON.stringify(json) }, details);
  };
  const kindOf = (node: NodeTexts, packet: SentPacket, entry: Entry) =>
    sendPacket(readNode(node), packet, entry)[0]?.end.kind;

  test.each([
    ['ingress', 'cni0', 'unknown'],
    ['ingress', 'eth0', 'leaves'],
    ['ingress', ['eth0', 'cni0'], 'unknown'],
    ['egress', 'eth0', 'unknown'],
    ['egress', 'cni0', 'leaves'],
    // Not every nft names the link in JSON.
    ['ingress', undefined, 'unknown'],
    ['egress', undefined, 'unknown'],
  ])('a chain at the hook %s of %s, which is not modelled: %s', (hook, dev, kind) => {
    expect(kindOf(unmodelled('netdev', hook, dev === undefined ? {} : { dev }), ahead, fromPod)).toBe(kind);
  });

  test.each([
    ['prerouting', fromPod, '192.0.2.1', 'unknown'],
    ['input', fromPod, '192.0.2.1', 'unknown'],
    ['output', fromPod, '192.0.2.1', 'leaves'],
    ['output', fromOutside, '10.244.1.5', 'unknown'],
    ['postrouting', ofProcess, '10.244.1.5', 'unknown'],
    ['prerouting', fromOutside, '10.244.1.5', 'leaves'],
    ['forward', fromPod, '192.0.2.1', 'leaves'],
    ...['prerouting', 'forward', 'postrouting'].map(
      (hook) =>
        [hook, { kind: 'bridged', bridge: 'cni0', fromPort: 'a', toPort: 'b' }, '10.244.1.6', 'unknown'] as const,
    ),
  ] as const)('a chain of a bridge at the hook %s, for %o to %s: %s', (hook, entry, destination, kind) => {
    const source = entry === fromOutside ? '10.0.0.9' : pod;
    const packet = entry.kind === 'process' ? { destination } : { source, destination };
    expect(kindOf(unmodelled('bridge', hook), packet, entry)).toBe(kind);
  });

  test.each([
    [{ kind: 'clsact', dev: 'cni0' }, 'unknown'],
    [{ kind: 'ingress', dev: 'cni0' }, 'unknown'],
    [{ kind: 'ingress', dev: 'eth0' }, 'leaves'],
    [{ kind: 'clsact', dev: 'eth0' }, 'unknown'],
    [{ kind: 'netem', dev: 'eth0', options: { limit: 1000, 'loss-random': { loss: 1 } } }, 'unknown'],
    [{ kind: 'netem', dev: 'eth0', options: { limit: 1000, delay: { delay: 0.1 } } }, 'leaves'],
    [{ kind: 'tbf', dev: 'eth0', root: true }, 'unknown'],
    [{ kind: 'tbf', dev: 'cni0', root: true }, 'leaves'],
    [{ kind: 'fq_codel', dev: 'eth0', root: true }, 'leaves'],
  ])('a queue of tc %o: %s', (queue, kind) => {
    const node = textsOf(links, byDefault, { queues: JSON.stringify([queue]) });
    expect(kindOf(node, ahead, fromPod)).toBe(kind);
  });

  test('a program of XDP, VLANs of a bridge, a table of ARP and a route with encap are unknown', () => {
    const xdp = textsOf(links, byDefault, {}, { cni0: { xdp: { mode: 1 } } });
    expect(kindOf(xdp, ahead, fromPod)).toBe('unknown');
    const vlans = { linkinfo: { info_kind: 'bridge', info_data: { vlan_filtering: 1 } } };
    expect(kindOf(textsOf(links, byDefault, {}, { cni0: vlans }), ahead, fromPod)).toBe('unknown');
    expect(kindOf(unmodelled('arp', 'input'), ahead, fromPod)).toBe('unknown');
    expect(kindOf(texts({ arpTables: 'filter\n' }), ahead, fromPod)).toBe('unknown');
    expect(kindOf(texts({ arpTables: '' }), ahead, fromPod)).toBe('leaves');
    const wrapped = { dst: ahead.destination, dev: 'eth0', encap: 'bpf', flags: [] };
    expect(kindOf(textsOf(links, [...byDefault, wrapped]), ahead, fromPod)).toBe('unknown');
  });

  test.each([
    ['', {}],
    [' with their protocols', { protocol: 'kernel' }],
  ])('the kernel’s own policy rules%s have local and main in one table: the longer prefix wins', (_, more) => {
    const rules = ['local', 'main', 'default'].map((table, index) => ({
      ...{ priority: [0, 32_766, 32_767][index], src: 'all', table },
      ...more,
    }));
    const local = { type: 'local', dst: '192.0.2.0/24', dev: 'eth0', table: 'local', flags: [] };
    const longer = { dst: '192.0.2.1', dev: 'eth0', flags: [] };
    const node = textsOf(links, [...byDefault, local, longer], { rules: JSON.stringify(rules) });
    expect(kindOf(node, { source: pod, destination: '192.0.2.1' }, fromPod)).toBe('leaves');
    expect(kindOf(node, { source: pod, destination: '192.0.2.2' }, fromPod)).toBe('delivered');
  });

  test('a source port that NAT has chosen at random is another one, and nobody knows which', () => {
    const behind = (rule: string) =>
      textsOf(links, byDefault, {
        iptables: `*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -j MASQUERADE --random-fully\nCOMMIT\n${saved(`*filter\n-A INPUT ${rule} -j DROP`)}`,
      });
    const own = { source: '10.0.0.1', destination: '10.0.0.1', destinationPort: 80 };
    expect(kindOf(behind('-p tcp -m tcp --sport 2000:2100'), own, ofProcess)).toBe('unknown');
    expect(kindOf(behind('-p tcp -m multiport --sports 2000,2100'), own, ofProcess)).toBe('unknown');
    expect(kindOf(behind('-p tcp -m tcp --dport 81'), own, ofProcess)).toBe('delivered');
    expect(kindOf(behind('-m conntrack --ctstate SNAT'), own, ofProcess)).toBe('dropped');
  });

  test('a chain without rules, and one of a dormant table, do nothing', () => {
    expect(kindOf(unmodelled('netdev', 'ingress', {}, { flags: ['dormant'] }), ahead, fromPod)).toBe('leaves');
    expect(kindOf(unmodelled('netdev', 'ingress', { dev: 'eth0' }), ahead, fromPod)).toBe('leaves');
  });

  test('tables of iptables-nft count once', () => {
    const filter = { family: 'ip', table: 'filter' };
    const json = JSON.stringify({
      nftables: [
        { table: { family: 'ip', name: 'filter' } },
        { chain: { ...filter, name: 'FORWARD', hook: 'forward', prio: 0, type: 'filter', policy: 'accept' } },
        { rule: { ...filter, chain: 'FORWARD', expr: [{ xt: { type: 'target', name: 'DROP' } }] } },
      ],
    });
    expect(send(texts({ nft: json, iptables: saved('-A FORWARD -j ACCEPT') }), ahead, fromPod)[0]).toMatch(/^leaves/);
    expect(send(texts({ nft: json }), ahead, fromPod)[0]).toMatch(/^unknown/);
  });
});

describe('a policy rule by protocol, port or user', () => {
  const other = { dst: 'default', gateway: '10.244.1.9', dev: 'cni0', table: '7', flags: [] };
  const ask = (rule: object): string => {
    const rules = [
      { priority: 0, src: 'all', table: 'local' },
      { priority: 5, src: 'all', table: '7', ...rule },
      { priority: 32_766, src: 'all', table: 'main' },
    ];
    const node = textsOf(links, [...byDefault, other], { rules: JSON.stringify(rules) });
    return send(node, { source: '10.0.0.7', destination: '192.0.2.1', sourcePort: 8 }, fromOutside)[0] ?? '';
  };
  test.each([
    [{ ipproto: 'tcp', dport: 80 }, 'leaves cni0'],
    [{ ipproto: 'udp', dport: 80 }, 'leaves eth0'],
    // Newer kernels always name the mask.
    [{ dport: 80, dport_mask: '0xffff' }, 'leaves cni0'],
    [{ dport: 81, dport_mask: '0xffff' }, 'leaves eth0'],
    [{ dport: '0x55', dport_mask: '0xf0' }, 'leaves cni0'],
    [{ dport: '0x65', dport_mask: '0xf0' }, 'leaves eth0'],
    [{ sport_start: 7, sport_end: 9, dport: 80, dport_mask: '0xffff' }, 'leaves cni0'],
    [{ flow_to: '3' }, 'leaves cni0'],
    [{ uid_start: 0, uid_end: 5 }, 'unknown the policy rule 5 of `ip rule` asks the user of the process (uidrange):'],
    [{ not: null, uid_start: 0, uid_end: 5 }, 'unknown'],
    [{ not: null, dport: 81, uid_start: 0, uid_end: 5 }, 'leaves cni0'],
    [{ dport: 81, uid_start: 0, uid_end: 5 }, 'leaves eth0'],
    [{ some_key: 1 }, 'unknown the policy rule 5 of `ip rule` asks what labs does not know:'],
  ])('%o: %s', (rule, expected) => expect(ask(rule).startsWith(expected)).toBe(true));
});

test.each([
  [{ destination: '0.0.0.0' }, 'delivered: 127.0.0.1 > 127.0.0.1:80'],
  [{ destination: '0.0.0.0', source: '10.0.0.1' }, 'delivered: 10.0.0.1 > 10.0.0.1:80'],
])('a process that sends to 0.0.0.0 talks to its own machine: %o', (packet, expected) =>
  expect(send(texts(), packet, ofProcess)).toEqual([expected]),
);

describe('chains of iptables-nft and iptables-legacy at one hook', () => {
  const both = (iptables: string, iptablesLegacy: string) =>
    send(texts({ iptables: saved(iptables), iptablesLegacy: saved(iptablesLegacy) }), ahead, fromPod);
  const reject = '-A FORWARD -p tcp -j REJECT --reject-with';

  test('their order matters if both decide, and not alike', () => {
    expect(both(`${reject} tcp-reset`, `${reject} icmp-port-unreachable`)[0]).toMatch(/^unknown the order of/);
    expect(both(`${reject} tcp-reset`, `${reject} tcp-reset`)[0]).toMatch(/^rejected tcp-reset/);
    expect(both('-A FORWARD -j DROP', `${reject} tcp-reset`)[0]).toMatch(/^unknown the order of/);
    expect(both('-A FORWARD -j ACCEPT', '-A FORWARD -j DROP')[0]).toMatch(/^dropped/);
    expect(both('-A FORWARD -j MARK --set-mark 1\n-A FORWARD -j DROP', '-A FORWARD -j DROP')).toHaveLength(1);
  });

  test('the order of three chains is not known, either', () => {
    const native = JSON.stringify({
      nftables: [
        { chain: { family: 'ip', table: 'n', name: 'c', type: 'filter', hook: 'forward', prio: 0, policy: 'drop' } },
      ],
    });
    const rules = {
      iptables: saved('-A FORWARD -j ACCEPT'),
      iptablesLegacy: saved(`${reject} tcp-reset`),
      nft: native,
    };
    expect(send(texts(rules), ahead, fromPod)[0]).toMatch(/^unknown the order of/);
  });

  test('an empty chain is not named', () => {
    const rules = {
      iptables: saved('-A FORWARD -j DROP'),
      iptablesLegacy: saved(':FORWARD ACCEPT [0:0]'),
      nft: JSON.stringify({
        nftables: [
          {
            chain: { family: 'ip', table: 'n', name: 'c', type: 'filter', hook: 'forward', prio: 0, policy: 'accept' },
          },
          { rule: { family: 'ip', table: 'n', chain: 'c', handle: 2, expr: [{ reject: { type: 'tcp reset' } }] } },
        ],
      }),
    };
    const [said = ''] = send(texts(rules), ahead, fromPod);
    expect(said).toMatch(/^unknown the order of iptables-nft table filter chain FORWARD and nft table n chain c is/);
  });
});

describe('IPsec', () => {
  const policy = (selector: string, direction: string, action = '\\\ttmpl src 0.0.0.0 dst 0.0.0.0\\\t\tproto esp') =>
    `${selector} \\\t${direction} priority 0 ptype main ${action}\\\n`;
  const any = 'src 0.0.0.0/0 dst 0.0.0.0/0';
  const self = { source: '10.0.0.9', destination: '10.0.0.1' };
  test.each([
    ['out', policy(any, 'dir out'), ahead, fromPod, 'unknown'],
    ['fwd', policy(any, 'dir fwd action block', ''), ahead, fromPod, 'unknown'],
    ['in, for a packet that is forwarded', policy(any, 'dir in'), ahead, fromPod, 'leaves'],
    ['in', policy(any, 'dir in'), self, fromOutside, 'unknown'],
    ['out, for a process', policy(any, 'dir out'), { destination: '192.0.2.1' }, ofProcess, 'unknown'],
    ['fwd, for a process', policy(any, 'dir fwd'), { destination: '192.0.2.1' }, ofProcess, 'leaves'],
    [
      'out, for a process that talks to itself',
      policy(any, 'dir out'),
      { destination: '10.0.0.1' },
      ofProcess,
      'delivered',
    ],
    ['of a socket', policy(any, 'socket out'), ahead, fromPod, 'leaves'],
    ['that lets packets pass', policy(any, 'dir out', ''), ahead, fromPod, 'leaves'],
    ['of another source', policy('src 10.244.2.0/24 dst 0.0.0.0/0', 'dir out'), ahead, fromPod, 'leaves'],
    ['of another destination', policy('src 0.0.0.0/0 dst 192.0.2.2/32', 'dir out'), ahead, fromPod, 'leaves'],
    ['of another protocol', policy(`${any} proto udp`, 'dir out'), ahead, fromPod, 'leaves'],
    ['of another port', policy(`${any} proto tcp dport 81`, 'dir out'), ahead, fromPod, 'leaves'],
    ['of the port', policy(`${any} proto tcp dport 80`, 'dir out'), ahead, fromPod, 'unknown'],
    ['of another family', policy('src ::/0 dst ::/0', 'dir out'), ahead, fromPod, 'leaves'],
    ['by default', 'Default policies:\n in:  accept\n fwd: accept\n out: block\n', ahead, fromPod, 'unknown'],
    ['by default, accept', 'Default policies:\n in:  accept\n fwd: accept\n out: accept\n', ahead, fromPod, 'leaves'],
  ] as const)('a policy %s', (_name, xfrm, packet, entry, kind) => {
    expect(send(texts({ xfrm }), packet, entry)[0]).toMatch(new RegExp(`^${kind}`));
  });

  test('a policy is asked about what NAT makes of a packet, too', () => {
    const iptables = saved('*nat\n-A PREROUTING -d 10.96.0.1/32 -j DNAT --to-destination 192.0.2.1');
    const toService = { source: pod, destination: '10.96.0.1' };
    for (const address of ['10.96.0.1', '192.0.2.1'])
      expect(
        send(texts({ iptables, xfrm: policy(`src 0.0.0.0/0 dst ${address}/32`, 'dir out') }), toService, fromPod)[0],
      ).toMatch(/^unknown IPsec/);
  });
});

describe('IPVS', () => {
  const ipvs =
    '-A -t 10.96.0.1:80 -s rr\n-a -t 10.96.0.1:80 -r 10.244.1.7:8080 -m -w 1\n-a -t 10.96.0.1:80 -r 10.0.0.9:8080 -m -w 1\n-A -t 10.96.0.1:81 -s rr\n';
  const node = { ...textsOf({ ...links, 'kube-ipvs0': ['10.96.0.1/32'] }, byDefault, { ipvs }) };

  test('a virtual service sends the packet to its servers', () => {
    expect(send(node, { source: pod, destination: '10.96.0.1' }, fromPod).toSorted()).toEqual([
      'leaves cni0 10.244.1.7: 10.244.1.5 > 10.244.1.7:8080 0.50',
      'leaves eth0 10.0.0.9: 10.244.1.5 > 10.0.0.9:8080 0.50',
    ]);
  });

  test('the packet to a server is masqueraded like any other that leaves', () => {
    const iptables = saved('*nat\n-A POSTROUTING -j MASQUERADE\n-A INPUT -j SNAT --to-source 192.0.2.99');
    const masquerading = { ...node, iptables, sysctls: 'net.ipv4.ip_forward=1\nnet.ipv4.vs.conntrack=1' };
    expect(send(masquerading, { source: pod, destination: '10.96.0.1' }, fromPod).toSorted()).toEqual([
      'leaves cni0 10.244.1.7: 10.244.1.1 > 10.244.1.7:8080 0.50',
      'leaves eth0 10.0.0.9: 10.0.0.1 > 10.0.0.9:8080 0.50',
    ]);
  });

  test('a service without servers rejects', () => {
    expect(send(node, { source: pod, destination: '10.96.0.1', destinationPort: 81 }, fromPod)[0]).toMatch(/^rejected/);
  });
});

describe('of rules that were written to keep whoever follows them busy', () => {
  const coin = '-m statistic --mode random --probability 0.50000000000';
  const ways = (iptables: string) => sendPacket(readNode(texts({ iptables })), ahead, fromPod);
  const marks = (chain: string, from: number): string[] =>
    Array.from({ length: 14 }, (_, index) => {
      const bit = `0x${(2 ** (from + index)).toString(16)}`;
      return `-A ${chain} ${coin} -j MARK --set-xmark ${bit}/${bit}`;
    });

  test('two chains of 14 random rules are too many', () => {
    const chains = ['*mangle', ':A - [0:0]', ':B - [0:0]', '-A PREROUTING -j A', '-A PREROUTING -j B'];
    expect(() => ways(saved([...chains, ...marks('A', 0), ...marks('B', 14)].join('\n')))).toThrow(TraceLimitError);
  });

  test('ways that come to the same state are one', () => {
    const rules = Array.from({ length: 60 }, () => `-A FORWARD ${coin} -j A`);
    expect(ways(saved([':A - [0:0]', ...rules].join('\n')))).toHaveLength(1);
  });

  test('five thousand endpoints are not too many', () => {
    const count = 5000;
    const endpoints = Array.from({ length: count }, (_, index) => {
      const probability = (1 / (count - index)).toFixed(11);
      return `-A PREROUTING -m statistic --mode random --probability ${probability} -j DNAT --to-destination 10.${index >> 8}.${index & 255}.9`;
    });
    expect(ways(saved(['*nat', ...endpoints].join('\n')))).toHaveLength(count);
  });
});

test('the rules of the original kube-proxy lead to the endpoints', () => {
  const read = (name: string): string =>
    readFileSync(join(import.meta.dirname, '../../../fixtures/kube-proxy-v1.36.2', name), 'utf8');
  const node = readNode(texts({ recent: {}, iptables: read('default-nat.txt') + read('default-filter.txt') }));
  const ends = sendPacket(node, { source: pod, destination: '10.96.10.21', destinationPort: 80 }, fromPod);
  expect(ends).toHaveLength(10);
  for (const { end, probability } of ends) {
    expect(end.kind).toBe('leaves');
    expect(probability).toBeCloseTo(0.1, 6);
  }
});
