import { describe, expect, test } from 'vitest';
import type { NamespaceTexts } from '../../../../src/api/dataplane.ts';
import { saved } from '../../../support/dataplane/texts.ts';
import { namespace, serviceRules, world } from '../web-world.ts';
import { gradeCheck, type World } from '../world.ts';

const twin = (texts: Partial<NamespaceTexts> = {}): NamespaceTexts => ({
  ...namespace('node01', true, { links: { eth0: ['192.168.56.11/24'] }, iptables: saved(serviceRules) }),
  ...texts,
});

interface Own {
  readonly rules?: string;
  readonly service?: string;
  /** Texts of node01, instead of those of the world. */
  readonly own?: Partial<NamespaceTexts>;
  /** Texts of the pod `one`. */
  readonly pod?: Partial<NamespaceTexts>;
  readonly twin?: Partial<NamespaceTexts>;
  readonly forged?: boolean;
}

const node = ({ own = {}, pod = {}, twin: wanted, forged = false, ...change }: Own = {}): World => {
  const { dataplane = [], ...rest } = world(change);
  const of = ({ machine, isOwn, addresses }: NamespaceTexts): Partial<NamespaceTexts> =>
    machine === 'node01' && isOwn ? own : addresses.includes('"10.244.1.2"') ? pod : {};
  return {
    ...rest,
    dataplane: dataplane.map((texts) => ({ ...texts, ...of(texts) })),
    twin: () => twin(wanted),
    facts: { node01: { rulesForged: forged } },
  };
};

const check = { type: 'untouched', on: 'node/node01' };

const nft = (...objects: readonly object[]): string => JSON.stringify({ nftables: [{ metainfo: {} }, ...objects] });
const proxyTable = (...rules: readonly object[]): readonly object[] => [
  { table: { family: 'ip', name: 'kube-proxy', handle: 7 } },
  { chain: { family: 'ip', table: 'kube-proxy', name: 'in', handle: 1, type: 'filter', hook: 'input', prio: 0 } },
  ...rules.map((expr, index) => ({
    rule: {
      family: 'ip',
      table: 'kube-proxy',
      chain: 'in',
      handle: index,
      expr: [{ counter: { packets: index } }, expr],
    },
  })),
];
const [accept, drop] = [{ accept: null }, { drop: null }];

describe('an untouched check', () => {
  test('passes when the tables hold what kube-proxy writes', async () => {
    expect(await gradeCheck(check, node())).toMatchObject({
      outcome: 'pass',
      expected: 'the tables of node01 hold what kube-proxy writes, and nothing else',
      observed: 'node01: nothing was added, removed or moved',
    });
  });

  test('passes for counters, empty tables, and an order that changes nothing', async () => {
    const other = `*nat
-A KUBE -d 10.96.0.2/32 -p tcp -m tcp --dport 80 -j ACCEPT
-A KUBE -d 10.96.0.1/32 -p udp -m udp --dport 80 -j ACCEPT
-A KUBE -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -j ACCEPT
-A KUBE -m addrtype --dst-type LOCAL -j RETURN`;
    const [, second = '', third = '', fourth = '', last = ''] = other.split('\n');
    const own = saved(['*nat', fourth, second, third, last].join('\n')).replaceAll('[0:0]', '[7:9]');
    expect(
      await gradeCheck(
        check,
        node({
          own: { iptables: `${own}*raw\n:PREROUTING ACCEPT [1:2]\nCOMMIT\n` },
          twin: { iptables: saved(other) },
        }),
      ),
    ).toMatchObject({ outcome: 'pass' });
  });

  test.each<[string, Own, string, string]>([
    [
      'a foreign rule',
      { rules: '*filter\n-A FORWARD -p tcp -m multiport --dports 80,81 -j ACCEPT' },
      'added: `-A FORWARD -p tcp -m multiport --dports 80,81 -j ACCEPT` (iptables, table filter)',
      '`iptables -t filter -D FORWARD 1`',
    ],
    [
      'the same rule twice',
      { rules: '*nat\n-A SVC -j TWO' },
      'added: `-A SVC -j TWO` (iptables, table nat)',
      '`iptables -t nat -D SVC 3`',
    ],
    [
      'a rule that is gone',
      { service: serviceRules.replace('-A POSTROUTING -s 192.168.56.100/32 -j MASQUERADE\n', '') },
      'missing: `-A POSTROUTING -s 192.168.56.100/32 -j MASQUERADE`',
      '`systemctl restart kube-proxy`',
    ],
    [
      'another order',
      {
        service: serviceRules.replace(/(-A SVC -m statistic .*\n)(-A SVC -j TWO\n)/, '$2$1'),
      },
      'moved: `-A SVC -j TWO`',
      '`systemctl restart kube-proxy`',
    ],
    [
      'a chain',
      { own: { iptables: `${saved(serviceRules)}*filter\n:MINE - [0:0]\nCOMMIT\n` } },
      'added: `chain MINE` (iptables, table filter)',
      'kube-proxy',
    ],
    [
      'a policy',
      { own: { iptables: `${saved(serviceRules)}*filter\n:FORWARD DROP [0:0]\nCOMMIT\n` } },
      'changed: `policy DROP of FORWARD` (iptables, table filter)',
      '`iptables -t filter -P FORWARD ACCEPT`',
    ],
    [
      'rules of IPv6',
      { own: { ip6tables: saved('*filter\n-A INPUT -j DROP') } },
      'added: `-A INPUT -j DROP` (ip6tables, table filter)',
      'ip6tables -t filter',
    ],
    [
      'rules of iptables-legacy',
      { own: { iptablesLegacy: saved('*filter\n-A FORWARD -j DROP') } },
      'added: `-A FORWARD -j DROP` (iptables-legacy, table filter)',
      'iptables-legacy -t filter -D FORWARD 1',
    ],
    [
      'a native nft table',
      { own: { nft: nft({ table: { family: 'inet', name: 'x' } }) } },
      'added: `table inet x` (nft, table inet x)',
      '`nft delete table inet x`',
    ],
    [
      'a native rule in the table of kube-proxy',
      { own: { nft: nft(...proxyTable(drop, accept)) }, twin: { nft: nft(...proxyTable(accept)) } },
      'added: `in drop` (nft, table ip kube-proxy)',
      'kube-proxy',
    ],
    [
      'another order of native rules',
      { own: { nft: nft(...proxyTable(drop, accept)) }, twin: { nft: nft(...proxyTable(accept, drop)) } },
      'moved: `in drop`',
      'kube-proxy',
    ],
    [
      'a native set in a table of iptables',
      {
        own: { nft: nft({ table: { family: 'ip', name: 'nat' } }, { set: { family: 'ip', table: 'nat', name: 's' } }) },
      },
      'added: `table ip nat`',
      'nft',
    ],
    [
      'a set of ipset',
      { own: { ipset: 'create s hash:ip family inet hashsize 1024 maxelem 9\nadd s 10.0.0.1\n' } },
      'added: `create s hash:ip family inet` (ipset); added: `add s 10.0.0.1` (ipset)',
      'kube-proxy',
    ],
    [
      'a virtual service',
      { own: { ipvs: '-A -t 10.0.0.1:80 -s rr\n' } },
      'added: `-A -t 10.0.0.1:80 -s rr` (ipvsadm)',
      '',
    ],
    [
      'a rule in the namespace of a pod',
      { pod: { iptables: saved('*nat\n-A OUTPUT -d 10.96.0.1/32 -p tcp -j DNAT --to-destination 10.244.1.3:80') } },
      '(one, iptables, table nat)',
      'On one, `iptables -t nat -D OUTPUT 1`',
    ],
  ])('fails for %s', async (_, change, observed, hint) => {
    expect(await gradeCheck(check, node(change))).toMatchObject({
      outcome: 'fail',
      observed: expect.stringContaining(observed),
      hint: expect.stringContaining(hint),
    });
    expect(await gradeCheck({ ...check, not: true }, node(change))).toMatchObject({ outcome: 'pass' });
  });

  test.each<[string, Own]>([
    ['that look like others', { forged: true }],
    ['that iptables-save leaves out', { own: { iptables: "# Table `nat' is incompatible, use 'nft' tool.\n" } }],
    ['with a name that breaks a line', { own: { iptables: '*nat\n-A SVC "x\nCOMMIT\n' } }],
    ['that are no JSON', { own: { nft: '{' } }],
  ])('fails for rules %s, also with `not`', async (_, change) => {
    for (const not of [false, true])
      expect(await gradeCheck({ ...check, not }, node(change))).toMatchObject({
        outcome: 'fail',
        observed: expect.stringContaining("can't be read"),
      });
  });

  test('ignores chains of kube-proxy that no packet reaches, and what affinity has learned', async () => {
    const base = { family: 'ip', table: 'kube-proxy' };
    const clients = (...elem: readonly string[]) => ({ set: { ...base, name: 'clients', flags: ['dynamic'], elem } });
    const uses = { match: { op: '==', left: 'saddr', right: '@clients' } };
    const unused = [{ chain: { ...base, name: 'old' } }, { rule: { ...base, chain: 'old', expr: [drop] } }];
    expect(
      await gradeCheck(
        check,
        node({
          own: { nft: nft(...proxyTable(uses), clients('10.0.0.1'), ...unused) },
          twin: { nft: nft(...proxyTable(uses), clients()) },
        }),
      ),
    ).toMatchObject({ outcome: 'pass' });
  });

  test('lets the student add what the task allows', async () => {
    const rules = '*filter\n:MINE - [0:0]\n-A FORWARD -j MINE\n-A MINE -p tcp -j DROP';
    const own = node({ rules, own: { nft: nft({ table: { family: 'inet', name: 'lab' } }) } });
    const allow = [{ table: 'filter', chain: 'MINE' }, { table: 'filter', target: 'MINE' }, { nft: 'inet lab' }];
    expect(await gradeCheck({ ...check, allow }, own)).toMatchObject({ outcome: 'pass' });
    expect(await gradeCheck({ ...check, allow: allow.slice(1) }, own)).toMatchObject({ outcome: 'fail' });
    expect(await gradeCheck({ ...check, allow: allow.slice(0, 2) }, own)).toMatchObject({ outcome: 'fail' });
  });

  test('knows the host ports of pods, and no others', async () => {
    const mapping = (address: string): string => `*nat
:CNI-HOSTPORT-DNAT - [0:0]
:CNI-HOSTPORT-SETMARK - [0:0]
:CNI-DN-c9a1 - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"pod-network\\"" -m multiport --dports 8088 -j CNI-DN-c9a1
-A CNI-DN-c9a1 -s 10.244.1.0/24 -p tcp -m tcp --dport 8088 -j CNI-HOSTPORT-SETMARK
-A CNI-DN-c9a1 -p tcp -m tcp --dport 8088 -j DNAT --to-destination ${address}:80`;
    const mapped = (address: string): World => {
      const { objects, ...rest } = node({ rules: mapping(address) });
      const pod = {
        metadata: { name: 'one', namespace: 'default' },
        spec: { nodeName: 'node01', containers: [{ ports: [{ containerPort: 80, hostPort: 8088 }] }] },
        status: { podIP: '10.244.1.2', phase: 'Running' },
      };
      return { ...rest, objects: { ...objects, '/api/v1/pods': [pod] } };
    };
    expect(await gradeCheck(check, mapped('10.244.1.2'))).toMatchObject({ outcome: 'pass' });
    expect(await gradeCheck(check, mapped('10.244.1.3'))).toMatchObject({ outcome: 'fail' });
  });

  test('is broken when kube-proxy could not run in place of the node', async () => {
    const { twin: _, ...rest } = node();
    expect(await gradeCheck(check, rest)).toMatchObject({ outcome: 'broken' });
  });
});
