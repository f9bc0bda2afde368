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
});
