import { describe, expect, test } from 'vitest';
import { nodesWith } from '../web-world.ts';
import { dbRules, everyNode, gradeCheck, noRules, objects, type World } from '../world.ts';

describe('an iptables check', () => {
  const rules = {
    type: 'iptables',
    on: 'node/*',
    rules: { comment: 'default/db-service', target: 'DNAT', to: '10.244.1.2:3306' },
  };
  const packet = {
    type: 'iptables',
    on: 'node/*',
    packet: { from: 'pod/blue', to: '10.103.132.104:3306', lands: 'endpoints/db-service' },
  };
  const good = everyNode({ iptables: dbRules });
  /** The nodes with these rules, in the facts of each node and in the model of all. */
  const nodes = (change: Record<string, string> = {}, nft: Record<string, string> = {}): World => {
    const rules = { controlplane: dbRules, node01: dbRules, node02: dbRules, ...change };
    const facts = Object.fromEntries(Object.entries(rules).map(([name, iptables]) => [name, { iptables }]));
    return { objects, facts, dataplane: nodesWith(rules, nft) };
  };

  test('passes when every node has the rule', async () => {
    expect(await gradeCheck(rules, { facts: good })).toMatchObject({ outcome: 'pass' });
  });

  test('names the node without the rule', async () => {
    const report = await gradeCheck(rules, { facts: { ...good, node02: { iptables: noRules } } });
    expect(report).toMatchObject({ outcome: 'fail', observed: 'node02 has no such rule' });
  });

  test('counts the rules: count 0 passes when there is none', async () => {
    const none = { ...rules, count: 0 };
    expect((await gradeCheck(none, { facts: good })).outcome).toBe('fail');
    expect((await gradeCheck(none, { facts: everyNode({ iptables: noRules }) })).outcome).toBe('pass');
  });

  test.each([
    ['look like other rules', { iptables: noRules, rulesForged: true }, 'a line break or a quote'],
    [
      'were left out, because nft wrote one',
      { iptables: "# Table `nat' is incompatible, use 'nft' tool.\n" },
      'incompatible',
    ],
  ])('fails when rules %s, also with count 0', async (_, facts, cause) => {
    const report = await gradeCheck({ ...rules, count: 0 }, { facts: everyNode(facts) });
    expect(report).toMatchObject({ outcome: 'fail', observed: expect.stringContaining(cause) });
  });

  test('passes when a packet reaches the endpoints', async () => {
    expect(await gradeCheck(packet, nodes())).toMatchObject({ outcome: 'pass' });
  });

  test('shows the wrong rule when a packet goes elsewhere', async () => {
    const bent = dbRules.replace('--to-destination 10.244.1.2:3306', '--to-destination 10.244.1.2:8888');
    const report = await gradeCheck(packet, nodes({ node01: bent }));
    expect(report).toMatchObject({
      outcome: 'fail',
      expected: expect.stringContaining('a packet from pod blue to 10.103.132.104:3306 goes to'),
      observed: 'on node01, a packet from 10.244.1.3 to 10.103.132.104:3306 goes to 10.244.1.2:8888',
      hint: expect.stringContaining('10.244.1.2:8888'),
    });
  });

  test('fails when no rule changes the packet and asks about kube-proxy', async () => {
    const report = await gradeCheck(packet, nodes({ controlplane: noRules, node01: noRules, node02: noRules }));
    expect(report).toMatchObject({ outcome: 'fail', hint: expect.stringContaining('Does kube-proxy run there') });
  });

  test('is broken when the fabric cannot read the rules', async () => {
    expect(await gradeCheck(rules, {})).toMatchObject({ outcome: 'broken', points: 0 });
  });

  describe('of a student who is root', () => {
    /** The rules of a node whose table nat begins with these lines. */
    const natWith = (...lines: string[]): string => dbRules.replace(/(\*nat\n(?::.*\n)*)/, `$1${lines.join('\n')}\n`);
    const on = (iptables: string) => nodes({ node01: iptables });
    const coin = '-m statistic --mode random --probability 0.50000000000';

    test('takes no line of a comment for a rule', async () => {
      const fake =
        '-A KUBE-SERVICES -m comment --comment \\"default/db-service\\" -j DNAT --to-destination 10.244.1.2:3306';
      const forged = noRules.replace(
        /COMMIT/,
        `-A INPUT -m comment --comment "x\n${fake}\nCOMMIT\n*junk" -j ACCEPT\nCOMMIT`,
      );
      expect(await gradeCheck(rules, on(forged))).toMatchObject({
        outcome: 'fail',
        observed: 'node01 has no such rule',
      });
    });

    test('fails when a name makes the rules unreadable', async () => {
      const report = await gradeCheck(rules, on(natWith('-A INPUT -i x', 'rubbish')));
      expect(report).toMatchObject({ outcome: 'fail', observed: expect.stringContaining("can't be read: line") });
    });

    test.each([
      ['-A PREROUTING -m nobody-knows --this -j DROP', "can't be followed by the grader: "],
      ['-A PREROUTING -j NFQUEUE --queue-num 0', "can't be followed by the grader: "],
    ])('does not take a rule that it cannot judge for a pass: %s', async (rule, seen) => {
      const report = await gradeCheck(packet, on(natWith(rule)));
      expect(report).toMatchObject({ outcome: 'fail', observed: expect.stringContaining(seen) });
    });

    const native = (...statements: object[]): string =>
      JSON.stringify({
        nftables: [
          { table: { family: 'inet', name: 'mine', handle: 1 } },
          {
            chain: {
              ...{ family: 'inet', table: 'mine', name: 'c', handle: 1 },
              ...{ type: 'filter', hook: 'prerouting', prio: -300, policy: 'accept' },
            },
          },
          { rule: { family: 'inet', table: 'mine', chain: 'c', handle: 2, expr: statements } },
        ],
      });
    const port = { match: { op: '==', left: { payload: { protocol: 'tcp', field: 'dport' } }, right: 3306 } };

    test.each(['iptables', 'nftables'])('sees a native nft rule that drops the packet: %s', async (type) => {
      const world = nodes({}, { node02: native(port, { drop: null }) });
      expect(await gradeCheck({ ...packet, type }, world)).toMatchObject({
        outcome: 'fail',
        observed: 'on node02, a packet from 10.244.1.3 to 10.103.132.104:3306 is dropped',
        hint: 'The rule that decides on node02: tcp dport 3306 drop (nft, mine)',
      });
      const dropped = { from: 'pod/blue', to: packet.packet.to, fate: 'dropped' };
      expect(await gradeCheck({ type, on: 'node/node02', packet: dropped }, world)).toMatchObject({ outcome: 'pass' });
      expect((await gradeCheck({ ...packet, type }, nodes())).outcome).toBe('pass');
    });

    test('does not take a parameter that loses the packet for a rule', async () => {
      const dataplane = nodes().dataplane?.map((each) => ({ ...each, sysctls: 'net.ipv4.ip_forward = 0' })) ?? [];
      const check = {
        type: 'nftables',
        on: 'node/node01',
        packet: { from: 'pod/blue', to: packet.packet.to, fate: 'dropped' },
      };
      expect(await gradeCheck(check, { ...nodes(), dataplane })).toMatchObject({
        outcome: 'fail',
        observed: expect.stringContaining('is lost, but not by a rule: '),
      });
    });

    test('is not kept busy by rules with very many ways', async () => {
      const marks = Array.from(
        { length: 30 },
        (_, bit) => `-A PREROUTING ${coin} -j MARK --set-xmark ${2 ** bit}/${2 ** bit}`,
      );
      const report = await gradeCheck(packet, on(natWith(...marks)));
      expect(report).toMatchObject({ outcome: 'fail', observed: expect.stringContaining('so many ways') });
    });

    test('shows no control character of a comment', async () => {
      const none = { ...rules, rules: { comment: 'mine' }, count: 0 };
      const report = await gradeCheck(none, on(natWith('-A PREROUTING -m comment --comment "mine \x1b[2J\u202e\nx"')));
      expect(report.outcome).toBe('fail');
      expect(report.observed).toContain('mine \\x1b[2J\\u202e x');
    });
  });
});
