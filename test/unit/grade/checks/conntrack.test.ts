// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates as labs write them
import { describe, expect, test } from 'vitest';
import { gradeCheck, objects, type World } from '../world.ts';

const conntrack = `ipv4     2 tcp      6 86394 ESTABLISHED src=10.244.1.3 dst=10.103.132.104 sport=40000 dport=3306 src=10.244.1.2 dst=10.244.1.3 sport=3306 dport=40000 [ASSURED] mark=0 use=1
ipv4     2 tcp      6 110 SYN_SENT src=10.244.1.3 dst=10.9.9.9 sport=40001 dport=80 [UNREPLIED] src=10.9.9.9 dst=10.244.1.3 sport=80 dport=40001 mark=0 use=1
ipv4     2 udp      17 20 src=10.244.1.3 dst=10.96.0.10 sport=50000 dport=53 src=10.244.0.2 dst=10.244.1.3 sport=53 dport=50000 mark=0 use=1
ipv4     2 tcp      6 110 TIME_WAIT src=10.244.1.3 dst=10.103.132.104 sport=12345 dport=81 src=10.244.1.2 dst=10.244.1.3 sport=3306 dport=12345 [ASSURED] mark=0 use=1

ipv6     10 icmpv6   58 29 src=fe80::1 dst=fe80::2 type=128 code=0 id=1 src=fe80::2 dst=fe80::1 type=129 code=0 id=1 mark=0 use=1
`;

const world: World = { objects, facts: { node01: { conntrack }, node02: { conntrack: '' } } };
const check = { type: 'conntrack', on: 'node/node01' };

describe('a conntrack check', () => {
  test.each([
    [{ protocol: 'udp' }],
    [{ protocol: 'icmpv6' }],
    [{ state: 'ESTABLISHED' }],
    [{ replied: false, original: { destination: '10.9.9.9' } }],
    [
      {
        original: { destination: '${service/db-service:.spec.clusterIP}', dport: 3306 },
        reply: { source: '10.244.1.2' },
      },
    ],
    [{ original: { source: '10.244.0.0/16', sport: 40000 } }],
    [{ reply: { source: '/^10[.]244[.]0/', sport: 53, destination: '10.244.1.3', dport: '50000' } }],
    [{ protocol: 'tcp', count: 2 }],
    [{ count: { min: 3, max: 4 } }],
    [{ original: { dport: 9999 }, count: 0 }],
  ])('finds %j', async (wanted) => {
    expect(await gradeCheck({ ...check, ...wanted }, world)).toMatchObject({ outcome: 'pass' });
  });

  test.each([
    [{ protocol: 'sctp' }],
    [{ state: 'SYN_SENT', replied: true }],
    [{ original: { destination: '10.103.132.104', dport: 3306 }, reply: { source: '10.244.1.9' } }],
    [{ original: { source: '10.245.0.0/16' } }],
    [{ protocol: 'tcp', count: 3 }],
    [{ protocol: 'tcp', count: 0 }],
  ])('does not find %j', async (wanted) => {
    expect(await gradeCheck({ ...check, ...wanted }, world)).toMatchObject({ outcome: 'fail' });
  });

  test('shows the connections as conntrack does, and what it looked for', async () => {
    const report = await gradeCheck({ ...check, protocol: 'udp', original: { dport: 53 }, count: 0 }, world);
    expect(report).toMatchObject({
      expected: 'node01 tracks no connection (udp, original dport=53)',
      observed:
        'node01 tracks 1 of them (4 in all): udp 10.244.1.3:50000 → 10.96.0.10:53 | 10.244.0.2:53 → 10.244.1.3:50000',
      hint: 'On node01: conntrack -L',
    });
  });

  test('counts no entry, and no answer, without a packet', async () => {
    const counted = (original: number, reply: number): string =>
      `ipv4 2 tcp 6 99 ESTABLISHED src=10.1.1.1 dst=10.2.2.2 sport=9 dport=80 packets=${original} bytes=0 src=10.2.2.2 dst=10.1.1.1 sport=80 dport=9 packets=${reply} bytes=0 mark=0 use=1`;
    const outcomeOf = async (line: string, wanted: object) =>
      (await gradeCheck({ ...check, ...wanted }, { objects, facts: { node01: { conntrack: line } } })).outcome;
    expect(await outcomeOf(counted(0, 0), { state: 'ESTABLISHED' })).toBe('fail');
    expect(await outcomeOf(counted(1, 0), { state: 'ESTABLISHED' })).toBe('pass');
    expect(await outcomeOf(counted(1, 0), { replied: true })).toBe('fail');
    expect(await outcomeOf(counted(1, 1), { replied: true })).toBe('pass');
  });

  test("does not count the grader's own probes", async () => {
    expect((await gradeCheck({ ...check, original: { dport: 81 } }, world)).outcome).toBe('fail');
  });

  test('with not, passes where there is none, and fails where a fact is missing', async () => {
    const not = { ...check, not: true, protocol: 'tcp' };
    expect((await gradeCheck({ ...not, on: 'node/node02' }, world)).outcome).toBe('pass');
    expect(await gradeCheck(not, world)).toMatchObject({
      outcome: 'fail',
      expected: 'node01 tracks no connection (tcp)',
    });
    expect((await gradeCheck({ ...not, on: 'pod/nobody' }, world)).outcome).toBe('fail');
    expect((await gradeCheck({ ...not, on: 'client' }, world)).outcome).toBe('broken');
  });
});
