import { describe, expect, test } from 'vitest';
import type { NamespaceTexts } from '../../../src/api/dataplane.ts';
import { changesBetween } from '../../../src/host/trace/changes.ts';
import { snapshotOf } from '../../../src/host/trace/snapshot.ts';

const texts = (over: Partial<NamespaceTexts> = {}): NamespaceTexts => ({
  ...{ machine: 'node01', isOwn: true, routes6: '', rules: '', rules6: '', neighbours: '', fdb: '', sysctls: '' },
  ...{
    iptables: '',
    ip6tables: '',
    iptablesLegacy: '',
    ip6tablesLegacy: '',
    nft: '',
    ipset: '',
    ipvs: '',
    xfrm: '',
    arpTables: '',
    queues: '',
    recent: {},
  },
  ...{ addresses: '[]', routes: '[]', listeners: [] },
  ...over,
});
const saved = (packets: number, ...rules: readonly string[]): string =>
  ['*nat', `:PREROUTING ACCEPT [${packets}:9]`, ':SVC - [0:0]', ...rules, 'COMMIT', ''].join('\n');
const between = (before: Partial<NamespaceTexts>, after: Partial<NamespaceTexts>) =>
  changesBetween(
    snapshotOf([texts(before)], ({ machine }) => machine),
    snapshotOf([texts(after)], ({ machine }) => machine),
  );

describe('the changes of a data plane', () => {
  test('are the rules that came and went, in their table, whatever was counted', () => {
    const before = saved(1, '-A PREROUTING -j SVC', '-A SVC -d 10.0.0.1/32 -j RETURN');
    const after = saved(500, '-A PREROUTING -j SVC', '-A SVC -d 10.0.0.2/32 -j RETURN');
    expect(between({ iptables: before }, { iptables: after })).toEqual([
      {
        machine: 'node01',
        section: 'iptables nat',
        lines: [
          { sign: '-', text: '-A SVC -d 10.0.0.1/32 -j RETURN', place: { chain: 'SVC', position: 1 } },
          { sign: '+', text: '-A SVC -d 10.0.0.2/32 -j RETURN', place: { chain: 'SVC', position: 1 } },
        ],
      },
    ]);
    expect(between({ iptables: before }, { iptables: before.replace('[1:9]', '[7:77]') })).toEqual([]);
  });

  test('say where in its chain a rule came, went or moved', () => {
    const rule = (number: number): string => `-A SVC -s 10.0.0.${number}/32 -j DROP`;
    const rules = (...numbers: readonly number[]) => ({ iptables: saved(0, ...numbers.map(rule)) });
    const lines = (before: readonly number[], after: readonly number[]) =>
      between(rules(...before), rules(...after)).flatMap((changes) => changes.lines);
    const place = { chain: 'SVC' };
    expect(lines([1, 2, 3], [1, 9, 2, 3])).toEqual([{ sign: '+', text: rule(9), place: { ...place, position: 2 } }]);
    expect(lines([1, 2, 3], [1, 3])).toEqual([{ sign: '-', text: rule(2), place: { ...place, position: 2 } }]);
    expect(lines([1, 2, 3, 4], [4, 1, 2, 3])).toEqual([
      { sign: '~', text: rule(4), place: { ...place, position: 1, was: 4, after: null, before: rule(1) } },
    ]);
    expect(lines([1, 2, 3, 4], [2, 3, 1, 4])).toEqual([
      { sign: '~', text: rule(1), place: { ...place, position: 3, was: 1, after: rule(3), before: rule(4) } },
    ]);
    // The same rule twice: one of them has gone.
    expect(lines([1, 2, 1], [1, 2])).toEqual([{ sign: '-', text: rule(1), place: { ...place, position: 3 } }]);
  });

  test('tell a rule of another chain with an odd name', () => {
    const chain = (name: string) => ({ iptables: `*nat\n:${name} - [0:0]\n-A ${name} -j DROP\nCOMMIT\n` });
    for (const name of ['constructor', '__proto__'])
      expect(between({ iptables: '*nat\nCOMMIT\n' }, chain(name))[0]?.lines).toEqual([
        { sign: '+', text: `-N ${name}` },
        { sign: '+', text: `-A ${name} -j DROP`, place: { chain: name, position: 1 } },
      ]);
  });

  test('see chains and policies', () => {
    const dropped = saved(0).replace('PREROUTING ACCEPT', 'PREROUTING DROP').replace(':SVC', ':NEW');
    expect(
      between({ iptables: saved(0) }, { iptables: dropped })[0]
        ?.lines.map(({ sign, text }) => sign + text)
        .sort(),
    ).toEqual(['+-N NEW', '+-P PREROUTING DROP', '--N SVC'].sort());
  });

  test('see native tables once, and not those of iptables', () => {
    const nft = (...items: object[]): string => JSON.stringify({ nftables: [{ metainfo: {} }, ...items] });
    const own = [
      { table: { family: 'ip', name: 'own' } },
      { chain: { family: 'ip', table: 'own', name: 'c', hook: 'forward', prio: 5 } },
      { rule: { family: 'ip', table: 'own', chain: 'c', expr: [{ drop: null }] } },
    ];
    const ofIptables = { rule: { family: 'ip', table: 'nat', chain: 'SVC', expr: [] } };
    expect(between({ iptables: saved(0), nft: nft() }, { iptables: saved(0), nft: nft(ofIptables, ...own) })).toEqual([
      {
        machine: 'node01',
        section: 'nft ip own',
        lines: [
          { sign: '+', text: 'chain c hook forward priority 5' },
          { sign: '+', text: 'c drop', place: { chain: 'c', position: 1 } },
        ],
      },
    ]);
  });

  test('see routes, addresses, parameters and listeners', () => {
    const link = (up: boolean, ...list: string[]): string =>
      JSON.stringify([
        {
          ifname: 'eth0',
          mtu: 1500,
          flags: up ? ['UP'] : [],
          addr_info: list.map((local) => ({ local, prefixlen: 24 })),
        },
      ]);
    const changes = between(
      { addresses: link(true, '10.0.0.1'), routes: '[]', sysctls: 'net.ipv4.ip_forward = 1\n', listeners: [] },
      {
        addresses: link(false),
        routes: JSON.stringify([
          { type: 'blackhole', dst: '10.1.0.0/16', table: 'main' },
          { type: 'unicast', dst: '10.2.0.0/16', dev: 'eth0', table: '7' },
        ]),
        sysctls: 'net.ipv4.ip_forward = 0\n',
        listeners: [{ protocol: 'tcp', address: '0.0.0.0', port: 80 }],
      },
    );
    expect(changes.map(({ section, lines }) => [section, ...lines.map(({ sign, text }) => `${sign} ${text}`)])).toEqual(
      [
        ['addresses', '- eth0 up mtu 1500', '- eth0 10.0.0.1/24', '+ eth0 down mtu 1500'],
        ['sysctls', '- net.ipv4.ip_forward = 1', '+ net.ipv4.ip_forward = 0'],
        ['routes', '+ blackhole 10.1.0.0/16', '+ 10.2.0.0/16 dev eth0 table 7'],
        ['listeners', '+ tcp 0.0.0.0:80'],
      ],
    );
  });

  test('of a machine that came or went are all of its lines', () => {
    const after = snapshotOf([texts({ iptables: saved(0, '-A SVC -j DROP') })], () => 'default/blue');
    expect(changesBetween({}, after)).toEqual([
      {
        machine: 'default/blue',
        section: 'iptables nat',
        lines: [
          { sign: '+', text: '-N SVC' },
          { sign: '+', text: '-A SVC -j DROP', place: { chain: 'SVC', position: 1 } },
        ],
      },
    ]);
  });
});
