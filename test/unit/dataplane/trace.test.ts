import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Ruleset } from '../../../src/dataplane/model.ts';
import type { Packet, PacketTrace, TraceOptions } from '../../../src/dataplane/packet.ts';
import { parseRuleset } from '../../../src/dataplane/parse.ts';
import { renderRule } from '../../../src/dataplane/render.ts';
import { TraceLimitError, trace } from '../../../src/dataplane/trace.ts';

const read = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../fixtures/kube-proxy-v1.36.2', name), 'utf8');
const golden = parseRuleset(read('default-nat.txt') + read('default-filter.txt'));
const node: TraceOptions = { localAddresses: ['10.123.0.11'], recent: () => [] };

/** The result for rules that leave the packet only one path. */
const onlyPath = (...options: Parameters<typeof trace>): PacketTrace => {
  const [only, ...others] = trace(...options);
  expect(others).toEqual([]);
  return only as PacketTrace;
};

const describePaths = (traces: readonly PacketTrace[]): string =>
  traces
    .flatMap(({ path, lands }) => [...path.map(({ hook, rule }) => `${hook}: ${renderRule(rule)}`), `=> ${lands}`])
    .join('\n');

describe('in the rules that the original kube-proxy wrote', () => {
  test.each<{ name: string; from: string; to: string; protocol?: 'udp'; lands: string; masq?: boolean; fate?: string }>(
    [
      {
        name: 'a pod reaches a cluster IP',
        from: '10.200.9.9',
        to: '10.96.10.1:80',
        lands: '10.200.1.1:8080',
        masq: false,
      },
      {
        name: 'the node is masqueraded',
        from: '10.123.0.11',
        to: '10.96.10.1:80',
        lands: '10.200.1.1:8080',
        masq: true,
      },
      {
        name: 'a client outside of the cluster is masqueraded',
        from: '10.123.0.99',
        to: '10.96.10.1:80',
        lands: '10.200.1.1:8080',
        masq: true,
      },
      {
        name: 'a pod that reaches itself is masqueraded',
        from: '10.200.1.1',
        to: '10.96.10.1:80',
        lands: '10.200.1.1:8080',
        masq: true,
      },
      {
        name: 'a node port leads to an endpoint',
        from: '10.123.0.99',
        to: '10.123.0.11:30007',
        lands: '10.200.7.1:8080',
        masq: true,
      },
      {
        name: 'a node port works on loopback',
        from: '127.0.0.1',
        to: '127.0.0.1:30007',
        lands: '10.200.7.1:8080',
        masq: true,
      },
      {
        name: 'a local policy keeps the client address',
        from: '10.123.0.99',
        to: '10.123.0.11:30011',
        lands: '10.200.11.1:8080',
        masq: false,
      },
      {
        name: 'a load balancer IP leads to the service',
        from: '10.123.0.99',
        to: '203.0.113.10:80',
        lands: '10.200.10.1:8080',
        masq: true,
      },
      {
        name: 'a packet for another port keeps its destination',
        from: '10.200.9.9',
        to: '10.96.10.1:81',
        lands: '10.96.10.1:81',
        masq: false,
      },
      {
        name: 'a packet to a service without endpoints is rejected',
        from: '10.200.9.9',
        to: '10.96.10.3:80',
        lands: '10.96.10.3:80',
        fate: 'rejected',
      },
      {
        name: 'a packet to a local-only service without local endpoints is dropped',
        from: '10.200.9.9',
        to: '10.96.11.2:80',
        lands: '10.96.11.2:80',
        fate: 'dropped',
      },
      {
        name: 'a client outside of the source ranges is dropped',
        from: '198.18.0.1',
        to: '203.0.113.9:80',
        lands: '203.0.113.9:80',
        fate: 'dropped',
      },
    ],
  )('$name', ({ from, to, lands, masq, fate }) => {
    const traces = trace(golden, { from, to }, node);
    expect(traces, describePaths(traces)).toHaveLength(1);
    expect(traces[0], describePaths(traces)).toMatchObject({
      lands,
      fate: fate ?? 'accepted',
      ...(masq === undefined ? {} : { masq }),
    });
  });

  test('ten endpoints share the connections evenly', () => {
    const traces = trace(golden, { from: '10.200.9.9', to: '10.96.10.21:80' }, node);
    expect(new Set(traces.map(({ lands }) => lands)).size).toBe(10);
    for (const { probability } of traces) expect(probability).toBeCloseTo(0.1, 6);
  });

  test('a rule for UDP does not match TCP', () => {
    expect(trace(golden, { from: '10.200.9.9', to: '10.96.10.15:53', protocol: 'udp' }, node)).toHaveLength(2);
    expect(onlyPath(golden, { from: '10.200.9.9', to: '10.96.10.15:53' }, node).lands).toBe('10.96.10.15:53');
  });

  test('session affinity leads to the remembered endpoint', () => {
    const recent = (list: string) => (list === 'KUBE-SEP-7SC2FH4RHMPVMTLT' ? ['10.200.9.9'] : []);
    const traces = trace(golden, { from: '10.200.9.9', to: '10.96.10.6:80' }, { ...node, recent });
    expect(traces.map(({ lands }) => lands)).toEqual(['10.200.6.2:8080']);
  });

  test('a packet for 127.0.0.0/8 from outside is dropped', () => {
    expect(onlyPath(golden, { from: '10.123.0.99', to: '127.0.0.1:22' }, node).fate).toBe('dropped');
  });

  test('the path names each rule that matched', () => {
    const { path } = onlyPath(golden, { from: '10.200.9.9', to: '10.96.10.1:80' }, node);
    expect(path.map(({ rule, effect }) => `${rule.chain}: ${effect}`).slice(0, 4)).toEqual([
      'PREROUTING: jump to KUBE-SERVICES',
      'KUBE-SERVICES: jump to KUBE-SVC-6Z2YQIAUAXLPT4D3',
      'KUBE-SVC-6Z2YQIAUAXLPT4D3: jump to KUBE-SEP-7EVB3GFDN5PJ4NAR',
      'KUBE-SEP-7EVB3GFDN5PJ4NAR: DNAT to 10.200.1.1:8080',
    ]);
  });
});

describe('rule by rule', () => {
  const table = (name: string, ...lines: string[]): Ruleset =>
    parseRuleset(
      `*${name}\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n${lines.join('\n')}\nCOMMIT\n`,
    );
  const packet: Packet = { from: '10.0.0.1', to: '10.0.0.2:80' };

  test('the policy DROP drops a packet that no rule accepts', () => {
    const dropping = parseRuleset('*filter\n:FORWARD DROP [0:0]\n-A FORWARD -s 10.0.0.9/32 -j ACCEPT\nCOMMIT\n');
    expect(onlyPath(dropping, packet).fate).toBe('dropped');
    expect(onlyPath(dropping, { ...packet, from: '10.0.0.9' }).fate).toBe('accepted');
  });

  test('RETURN goes back to the caller', () => {
    const rules = table(
      'filter',
      '-A FORWARD -j A',
      '-A FORWARD -j DROP',
      '-A A -s 10.0.0.1/32 -j RETURN',
      '-A A -j ACCEPT',
    );
    expect(onlyPath(rules, packet).fate).toBe('dropped');
    expect(onlyPath(rules, { ...packet, from: '10.0.0.3' }).fate).toBe('accepted');
  });

  test('a chain entered with -g returns to the caller of the chain with the -g rule', () => {
    const rules = table(
      'filter',
      '-A FORWARD -j A',
      '-A FORWARD -j ACCEPT',
      '-A A -g B',
      '-A A -j DROP',
      ':B - [0:0]',
      '-A B -s 9.9.9.9/32 -j DROP',
    );
    expect(onlyPath(rules, packet).fate).toBe('accepted');
  });

  test('marks are set and compared with their mask', () => {
    const rules = parseRuleset(
      '*nat\n:POSTROUTING ACCEPT [0:0]\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j MARK --set-xmark 0x4000/0x4000\n-A POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN\n-A POSTROUTING -j MARK --set-xmark 0x4000/0x0\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n',
    );
    expect(onlyPath(rules, packet)).toMatchObject({ masq: true, mark: 0, source: 'masquerade' });
  });

  test('an established connection does not see the nat table', () => {
    const rules = table('nat', '-A PREROUTING -j DNAT --to-destination 10.0.0.9:1');
    expect(onlyPath(rules, packet).lands).toBe('10.0.0.9:1');
    expect(onlyPath(rules, { ...packet, state: 'ESTABLISHED' }).lands).toBe('10.0.0.2:80');
  });

  const unsureOf = (...rules: string[]) =>
    trace(table('filter', ...rules), packet).map(({ fate, unsure }) => ({ fate, unsure: unsure.length }));

  test('a match that cannot be judged makes both ways possible', () => {
    const traces = trace(table('filter', '-A FORWARD -m limit --limit 3/min -j DROP'), packet);
    const unsure = ['filter FORWARD 1: -m limit --limit 3/min'];
    expect(traces.map(({ fate, unsure }) => ({ fate, unsure }))).toEqual([
      { fate: 'dropped', unsure },
      { fate: 'accepted', unsure },
    ]);
  });

  test.each([
    '-m recent --rcheck --name STUDENTS --mask 255.255.255.255 --rsource',
    '-m set --match-set students src',
    '-i eth0',
    '-m connmark --mark 0x1',
    '-m u32 --u32 0x0=0x0',
  ])('without knowledge about it, "%s" is such a match', (match) => {
    expect(unsureOf(`-A FORWARD ${match} -j DROP`)).toEqual([
      { fate: 'dropped', unsure: 1 },
      { fate: 'accepted', unsure: 1 },
    ]);
  });

  test.each([
    ['only logs', '-A FORWARD -m limit --limit 3/min -j LOG'],
    [
      'jumps to a chain that only logs',
      ':L - [0:0]\n-A FORWARD -m limit --limit 3/min -j L\n-A L -j LOG\n-A L -j RETURN',
    ],
    ['has no target', '-A FORWARD -m limit --limit 3/min'],
    ['cannot match for another reason', '-A FORWARD -p udp -m limit --limit 3/min -j DROP'],
  ])('such a match does not matter in a rule that %s', (_why, rules) => {
    expect(unsureOf(...rules.split('\n'))).toEqual([{ fate: 'accepted', unsure: 0 }]);
  });

  test.each(['NFQUEUE --queue-num 0', 'TPROXY --on-port 1', 'CONNMARK --restore-mark'])(
    'what happens after -j %s is unknown',
    (target) => expect(unsureOf(`-A FORWARD -j ${target}`)).toEqual([{ fate: 'unknown', unsure: 1 }]),
  );

  test('a rule with -i never matches a packet of the node itself', () => {
    const own = { localAddresses: ['10.0.0.9'] };
    const rules = table('filter', ':A - [0:0]', '-A OUTPUT -j A', '-A A -i eth0 -j DROP', '-A A ! -i lo -j REJECT');
    expect(trace(rules, { from: '10.0.0.9', to: '10.0.0.2:80' }, own)).toMatchObject([
      { fate: 'rejected', unsure: [] },
    ]);
  });

  test('only the first packet of a TCP connection has SYN alone', () => {
    const rules = table('filter', '-A FORWARD -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP');
    expect(onlyPath(rules, packet).fate).toBe('dropped');
    expect(onlyPath(rules, { ...packet, state: 'ESTABLISHED' }).fate).toBe('accepted');
  });

  test('chains that loop are an error', () => {
    expect(() => trace(table('filter', '-A FORWARD -j A', '-A A -j A'), packet)).toThrow(/loop/);
  });

  describe('of rules that were written to keep the grader busy', () => {
    const coin = '-m statistic --mode random --probability 0.50000000000';

    test('paths that come to the same state are one path', () => {
      const rules = table('filter', ...Array.from({ length: 60 }, () => `-A FORWARD ${coin} -j A`), ':A - [0:0]');
      const traces = trace(rules, packet);
      expect(traces.length).toBeLessThan(40);
      expect(traces.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 9);
    });

    test('too many states are an error', () => {
      const marks = Array.from(
        { length: 30 },
        (_, bit) =>
          `-A PREROUTING ${coin} -j MARK --set-xmark 0x${(2 ** bit).toString(16)}/0x${(2 ** bit).toString(16)}`,
      );
      expect(() => trace(table('mangle', ...marks), packet)).toThrow(TraceLimitError);
    });

    test('too many steps are an error', () => {
      const chains = Array.from({ length: 15 }, (_, depth) =>
        Array.from({ length: 10 }, () => `-A C${depth} -j C${depth + 1}`),
      );
      expect(() => trace(table('filter', '-A FORWARD -j C0', ...chains.flat(), '-A C15 -j RETURN'), packet)).toThrow(
        TraceLimitError,
      );
    });
  });

  test('IPv6 packets follow IPv6 rules', () => {
    const rules = table(
      'nat',
      '-A PREROUTING -d fd00::1/128 -p tcp -m tcp --dport 80 -j DNAT --to-destination [fd00::2]:8080',
    );
    expect(onlyPath(rules, { from: 'fd00::9', to: '[fd00::1]:80' }).lands).toBe('[fd00::2]:8080');
  });
});
