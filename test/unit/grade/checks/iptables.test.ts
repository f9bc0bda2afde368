import { describe, expect, test } from 'vitest';
import { dbRules, everyNode, gradeCheck, noRules, objects } from '../world.ts';

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
  const good = everyNode({ iptables: dbRules, links: [] });

  test('passes when every node has the rule', async () => {
    expect(await gradeCheck(rules, { facts: good })).toMatchObject({ outcome: 'pass' });
  });

  test('names the node without the rule', async () => {
    const report = await gradeCheck(rules, { facts: { ...good, node02: { iptables: noRules, links: [] } } });
    expect(report).toMatchObject({ outcome: 'fail', observed: 'node02 has no such rule' });
  });

  test('counts the rules: count 0 passes when there is none', async () => {
    const none = { ...rules, count: 0 };
    expect((await gradeCheck(none, { facts: good })).outcome).toBe('fail');
    expect((await gradeCheck(none, { facts: everyNode({ iptables: noRules, links: [] }) })).outcome).toBe('pass');
  });

  test.each([
    ['look like other rules', { iptables: noRules, rulesForged: true }, 'a line break or a quote'],
    [
      'were left out, because nft wrote one',
      { iptables: "# Table `nat' is incompatible, use 'nft' tool.\n" },
      'incompatible',
    ],
  ])('fails when rules %s, also with count 0', async (_, facts, cause) => {
    const report = await gradeCheck({ ...rules, count: 0 }, { facts: everyNode({ links: [], ...facts }) });
    expect(report).toMatchObject({ outcome: 'fail', observed: expect.stringContaining(cause) });
  });

  test('passes when a packet reaches the endpoints', async () => {
    expect(await gradeCheck(packet, { objects, facts: good })).toMatchObject({ outcome: 'pass' });
  });

  test('shows the wrong rule when a packet goes elsewhere', async () => {
    const bent = dbRules.replace('--to-destination 10.244.1.2:3306', '--to-destination 10.244.1.2:8888');
    const report = await gradeCheck(packet, { objects, facts: { ...good, node01: { iptables: bent, links: [] } } });
    expect(report).toMatchObject({
      outcome: 'fail',
      expected: expect.stringContaining('a packet from pod blue to 10.103.132.104:3306 goes to'),
      observed: 'on node01, a packet from 10.244.1.3 to 10.103.132.104:3306 goes to 10.244.1.2:8888',
      hint: expect.stringContaining('10.244.1.2:8888'),
    });
  });

  test('fails when no rule changes the packet and asks about kube-proxy', async () => {
    const report = await gradeCheck(packet, { objects, facts: everyNode({ iptables: noRules, links: [] }) });
    expect(report).toMatchObject({ outcome: 'fail', hint: expect.stringContaining('Does kube-proxy run there') });
  });

  test('is broken when the fabric cannot read the rules', async () => {
    expect(await gradeCheck(rules, {})).toMatchObject({ outcome: 'broken', points: 0 });
  });

  describe('of a student who is root', () => {
    /** The rules of a node whose table nat begins with these lines. */
    const natWith = (...lines: string[]): string => dbRules.replace(/(\*nat\n(?::.*\n)*)/, `$1${lines.join('\n')}\n`);
    const on = (iptables: string) => ({ objects, facts: { ...good, node01: { iptables, links: [] } } });
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
      [
        '-A PREROUTING -m u32 --u32 0x0=0x45 -j ACCEPT',
        'no rule changes it, or not: the grader can\'t judge "nat PREROUTING 1: -m u32',
      ],
      ['-A PREROUTING -j NFQUEUE --queue-num 0', "meets a rule that the grader can't follow, or not"],
    ])('does not take a rule that it cannot judge for a pass: %s', async (rule, seen) => {
      const report = await gradeCheck(packet, on(natWith(rule)));
      expect(report).toMatchObject({ outcome: 'fail', observed: expect.stringContaining(seen) });
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
