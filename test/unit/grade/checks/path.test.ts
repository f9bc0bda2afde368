import { describe, expect, test } from 'vitest';

import { pathCheck } from '../../../../src/host/grade/checks/path.ts';

import { serviceRules, world } from '../web-world.ts';
import { grade, gradeCheck, labOf } from '../world.ts';

const check = (over: object = {}) => ({
  type: 'path',
  from: 'pod/two',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of lab.yaml
  to: '${service/web:.spec.clusterIP}:80',
  ...over,
});

describe('a path check', () => {
  test('passes when packets reach every endpoint, as often as the others', async () => {
    expect(
      await gradeCheck(check({ from: ['pod/one', 'node/node01'], expect: ['endpoints', 'balanced'] }), world()),
    ).toMatchObject({
      outcome: 'pass',
      expected:
        'packets from pod one and node01 to 10.96.0.1:80 reach every ready endpoint and nothing else; reach all endpoints equally often',
    });
    expect(
      await gradeCheck(
        check({ from: 'client', to: '192.168.56.11:30080', expect: ['endpoints', 'masqueraded'] }),
        world(),
      ),
    ).toMatchObject({ outcome: 'pass' });
  });

  test.each([
    [
      '-m multiport',
      '*filter\n-A FORWARD -d 10.244.1.3/32 -p tcp -m multiport --dports 8080,8081 -j DROP',
      'from client, 50 % of the packets are dropped on node01',
    ],
    [
      'a rule that rejects',
      '*filter\n-A FORWARD -d 10.244.1.3/32 -p tcp -j REJECT --reject-with icmp-port-unreachable',
      '50 % of the packets are refused on node01',
    ],
    ['a rule that nobody can judge', '*filter\n-A FORWARD -m u32 --u32 "0=0" -j DROP', 'cannot be followed on node01'],
  ])('fails for %s, and names the rule', async (_, rules, observed) => {
    const failed = await gradeCheck(check({ from: 'client', to: '192.168.56.11:30080' }), world({ rules }));
    expect(failed).toMatchObject({ outcome: 'fail', observed: expect.stringContaining(observed) });
    expect(failed.hint).toContain('labs trace client 192.168.56.11:30080');
    if (!observed.includes('cannot')) expect(failed.hint).toContain('`-A FORWARD -d 10.244.1.3/32 -p tcp');
  });

  test.each([
    ['dropped', '-j DROP', 'from client, 50 % of the packets do not arrive'],
    ['rejected', '-j REJECT --reject-with icmp-port-unreachable', 'from client, 50 % of the packets are refused'],
  ])('with reveal: symptom, a packet that is %s has no place', async (_, verdict, observed) => {
    const rules = `*filter\n-A FORWARD -d 10.244.1.3/32 -p tcp ${verdict}`;
    const lab = labOf([check({ id: 'a', from: 'client', to: '192.168.56.11:30080', reveal: 'symptom' })]);
    const [report] = (await grade(lab, world({ rules }))).tasks[0]?.checks ?? [];
    expect(report).toMatchObject({ outcome: 'fail', observed });
    expect(report).not.toHaveProperty('hint');
  });

  test('with reveal: symptom, an answer that is lost has no place', async () => {
    const rules = '*filter\n-A FORWARD -s 10.244.1.3/32 -p tcp -m tcp --sport 8080 -j DROP';
    const lab = labOf([check({ id: 'a', from: 'client', to: '192.168.56.11:30080', reveal: 'symptom' })]);
    const [report] = (await grade(lab, world({ rules }))).tasks[0]?.checks ?? [];
    expect(report?.observed).toBe('from client, the answers of 10.244.1.3:8080 do not arrive');
  });

  test('asks about a client that a sticky service does not know yet', async () => {
    const list = '--name ONE --mask 255.255.255.255 --rsource';
    const sticky = serviceRules.replace(
      '-A SVC -m statistic',
      `-A SVC -m recent --rcheck --seconds 10800 ${list} -j ONE\n-A SVC -m statistic`,
    );
    const own = world({ service: sticky });
    const dataplane = own.dataplane?.map((each) => ({ ...each, recent: { ONE: 'src=192.168.56.100 ttl: 64' } }));
    const remembering = { ...own, ...(dataplane ? { dataplane } : {}) };
    const passed = await gradeCheck(check({ from: 'client', to: '192.168.56.11:30080' }), remembering);
    expect(passed).toMatchObject({ outcome: 'pass' });
  });

  test('fails for a parameter of the kernel', async () => {
    const failed = await gradeCheck(
      check({ from: 'client', to: '192.168.56.11:30080' }),
      world({ sysctls: 'net.ipv4.ip_forward = 0' }),
    );
    expect(failed).toMatchObject({
      outcome: 'fail',
      hint: expect.stringContaining('`net.ipv4.ip_forward = 0` (node01)'),
    });
  });

  test.each([
    [
      'a rule drops it',
      { rules: '*filter\n-A FORWARD -s 10.244.1.3/32 -p tcp -m tcp --sport 8080 -j DROP' },
      'from client, the answers of 10.244.1.3:8080 are dropped on node01',
      '`-A FORWARD -s 10.244.1.3/32 -p tcp -m tcp --sport 8080 -j DROP`',
    ],
    [
      'nobody can judge a rule',
      { rules: '*filter\n-A FORWARD -s 10.244.1.3/32 -m u32 --u32 "0=0" -j DROP' },
      'the answers of 10.244.1.3:8080 cannot be followed on node01',
      'labs trace client 192.168.56.11:30080',
    ],
    [
      'no route leads back',
      { routes: [{ type: 'blackhole', dst: '192.168.56.100', flags: [] }] },
      'the answers of 10.244.1.2:8080 are dropped on node01',
      'labs trace client 192.168.56.11:30080',
    ],
  ])('fails when the answer does not come back: %s', async (_, changes, observed, hint) => {
    const failed = await gradeCheck(check({ from: 'client', to: '192.168.56.11:30080' }), world(changes));
    expect(failed).toMatchObject({ outcome: 'fail', observed: expect.stringContaining(observed) });
    expect(failed.hint).toContain(hint);
  });

  describe('from and to a namespace that a student has made', () => {
    const fromRed = { type: 'path', from: 'node/node01/netns/red', to: '10.244.1.2:8080' };

    test('passes when the packets and their answers arrive', async () => {
      expect(await gradeCheck(fromRed, world({ red: true }))).toMatchObject({
        outcome: 'pass',
        expected: expect.stringContaining('packets from red on node01 to 10.244.1.2:8080'),
      });
    });

    test('fails when a rule stops them, and names the command that follows them', async () => {
      const rules = '*filter\n-A FORWARD -s 10.244.1.4/32 -j DROP';
      expect(await gradeCheck(fromRed, world({ red: true, rules }))).toMatchObject({
        outcome: 'fail',
        observed: 'from red on node01, its packets are dropped on node01',
        hint: expect.stringContaining('`labs trace node01/netns/red 10.244.1.2:8080`'),
      });
    });

    test('fails when there is no such namespace', async () => {
      const observed = 'node01 has no network namespace red';
      expect(await gradeCheck(fromRed, world())).toMatchObject({ outcome: 'fail', observed });
    });

    test('arrives also where no program listens, but not without an answer', async () => {
      const silent = { ...fromRed, to: '10.244.1.2:9' };
      expect(await gradeCheck(silent, world({ red: true }))).toMatchObject({ outcome: 'fail' });
      const arrives = { ...silent, expect: 'arrives' };
      expect(await gradeCheck(arrives, world({ red: true }))).toMatchObject({ outcome: 'pass' });
      const rules = '*filter\n-A FORWARD -d 10.244.1.4/32 -j DROP';
      expect(await gradeCheck(arrives, world({ red: true, rules }))).toMatchObject({
        outcome: 'fail',
        observed: 'from red on node01, the answers of 10.244.1.2:9 are dropped on node01',
      });
      expect(await gradeCheck({ ...arrives, to: '10.244.1.9:9' }, world({ red: true }))).toMatchObject({
        outcome: 'fail',
      });
    });
  });

  test('fails when the sender does not take the answer, because it has another address', async () => {
    // The answer stays in the bridge, so node01 does not give it the address of the service again.
    const sysctls = 'net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables = 0';
    expect(await gradeCheck(check({ from: 'pod/one' }), world({ sysctls }))).toMatchObject({
      outcome: 'fail',
      observed:
        'from pod one, the answers of 10.244.1.3:8080 come from 10.244.1.3:8080 instead of 10.96.0.1:80, so the sender does not take them',
    });
  });

  test('fails when an endpoint gets nothing, or less than the others', async () => {
    const service = serviceRules.replace('-A SVC -m statistic --mode random --probability 0.50000000000 -j ONE\n', '');
    expect(await gradeCheck(check({ from: 'node/node01' }), world({ service }))).toMatchObject({
      outcome: 'fail',
      observed: 'no packet from node01 arrives at 10.244.1.2:8080',
    });
    const uneven = serviceRules.replace('0.50000000000', '0.25000000000');
    expect(
      await gradeCheck(check({ from: 'node/node01', expect: 'balanced' }), world({ service: uneven })),
    ).toMatchObject({
      outcome: 'fail',
      observed: 'from node01: 75 % 10.244.1.3:8080, 25 % 10.244.1.2:8080',
    });
  });

  test('takes nothing for balanced that is no service, such as a program that listens by hand', async () => {
    expect(
      await gradeCheck(check({ from: 'client', to: '192.168.56.11:31000', expect: ['arrives', 'balanced'] }), world()),
    ).toMatchObject({ outcome: 'fail', observed: 'no service has 192.168.56.11:31000' });
  });

  test('counts an endpoint once that two slices of the service name', async () => {
    const { objects = {}, ...rest } = world();
    const path = '/apis/discovery.k8s.io/v1/endpointslices';
    const slices = (objects[path] ?? []) as { endpoints: object[] }[];
    const byHand = slices.map((slice) => ({ ...slice, endpoints: slice.endpoints.slice(0, 1) }));
    const twice = { ...rest, objects: { ...objects, [path]: [...slices, ...byHand] } };
    const partly = check({ points: 4, partial: true });
    const { points } = await gradeCheck(partly, world());
    expect(points).toBe(2);
    expect(await gradeCheck(partly, twice)).toMatchObject({ points });
  });

  test.each(['10.96.0.99:80', '192.168.56.11:31000'])(
    'takes no program by hand at %s for an endpoint, because only services have such addresses and ports',
    async (to) => {
      expect(await gradeCheck(check({ from: 'client', to }), world())).toMatchObject({
        outcome: 'fail',
        observed: `no service has ${to}`,
      });
    },
  );

  test('fails when a pod gets its own packets without masquerading', async () => {
    // The pod `two` has no rule that marks its packets to itself.
    expect(await gradeCheck(check(), world())).toMatchObject({
      outcome: 'fail',
      observed: 'from pod two, 50 % of the packets are dropped on two',
      hint: expect.stringContaining('the source 10.244.1.3 is an address of this machine (two)'),
    });
    expect(await gradeCheck(check({ from: 'pod/one' }), world())).toMatchObject({ outcome: 'pass' });
  });

  test('gives the part of the points that the packets which are right are, if the check is partial', async () => {
    const rules = '*filter\n-A FORWARD -d 10.244.1.3/32 -p tcp -j DROP';
    const half = { from: ['client'], to: '192.168.56.11:30080', points: 2, partial: true };
    expect(await gradeCheck(check(half), world({ rules }))).toMatchObject({ outcome: 'fail', points: 1 });
    expect(await gradeCheck(check({ ...half, partial: false }), world({ rules }))).toMatchObject({ points: 0 });
    const service = serviceRules.replace('0.50000000000', '0.25000000000');
    const uneven = check({ from: 'node/node01', expect: 'balanced', points: 4, partial: true });
    expect(await gradeCheck(uneven, world({ service }))).toMatchObject({ outcome: 'fail', points: 3 });
    const unanswered = '*filter\n-A FORWARD -s 10.244.1.3/32 -p tcp -m tcp --sport 8080 -j DROP';
    expect(await gradeCheck(check(half), world({ rules: unanswered }))).toMatchObject({ points: 1 });
  });

  test('fails when the client itself redirects its packets', async () => {
    const client =
      '*nat\n-A OUTPUT -d 192.168.56.12/32 -p tcp -m tcp --dport 30080 -j DNAT --to-destination 192.168.56.11:30080';
    expect(await gradeCheck(check({ from: 'client', to: '192.168.56.12:30080' }), world({ client }))).toMatchObject({
      outcome: 'fail',
      observed: 'client itself sends packets for 192.168.56.12:30080 to 192.168.56.11:30080',
    });
  });

  test('fails without a ready endpoint, and without rules', async () => {
    expect(await gradeCheck(check(), world({ ready: false }))).toMatchObject({
      outcome: 'fail',
      observed: '10.96.0.1:80 has no ready endpoint',
      hint: 'Does its selector match the labels of pods that are ready?',
    });
    expect(await gradeCheck(check({ from: 'pod/one' }), world({ service: '' }))).toMatchObject({
      outcome: 'fail',
      observed: 'from pod one, its packets leave the cluster, because no rule and no route in it leads there',
    });
  });

  test('tells dropped from refused, and from unknown also with `not`', async () => {
    const drop = { rules: '*filter\n-A INPUT -p tcp -m tcp --dport 22 -j DROP' };
    const to = '192.168.56.11:22';
    expect(await gradeCheck(check({ from: 'client', to, expect: 'dropped' }), world(drop))).toMatchObject({
      outcome: 'pass',
    });
    expect(await gradeCheck(check({ from: 'client', to, expect: 'rejected' }), world(drop))).toMatchObject({
      outcome: 'fail',
    });
    expect(await gradeCheck(check({ from: 'client', to, expect: 'dropped', not: true }), world(drop))).toMatchObject({
      outcome: 'fail',
    });
    const unclear = { rules: '*filter\n-A INPUT -m u32 --u32 "0=0" -j DROP' };
    for (const not of [true, false])
      expect(await gradeCheck(check({ from: 'client', to, expect: 'dropped', not }), world(unclear))).toMatchObject({
        outcome: 'fail',
      });
  });

  test.each([
    ['beyond a limit, another packet passes', '-m limit --limit 3/min -j DROP', 'fail', 'fail'],
    [
      'another rule drops the rest',
      '-m limit --limit 3/min -j DROP\n-A INPUT -p tcp -m tcp --dport 22 -j DROP',
      'pass',
      'fail',
    ],
    ['the limit only logs', '-m limit --limit 3/min -j LOG', 'fail', 'pass'],
  ])('asks for all cases of a limit, also with `not`: %s', async (_, rule, outcome, opposite) => {
    const rules = `*filter\n-A INPUT -p tcp -m tcp --dport 22 ${rule}`;
    const ask = { from: 'client', to: '192.168.56.11:22', expect: 'dropped' } as const;
    const result = await gradeCheck(check(ask), world({ rules }));
    expect(result).toMatchObject({ outcome });
    expect(await gradeCheck(check({ ...ask, not: true }), world({ rules }))).toMatchObject({ outcome: opposite });
    if (outcome === opposite)
      expect(result.observed).toMatch(/\(at times, depending on node01: rule 1 of chain INPUT .*limit/);
  });

  test('tells whether the sender’s address is kept', async () => {
    const [client, pod] = [
      { from: 'client', to: '192.168.56.11:30080' },
      { from: 'pod/one', to: '10.244.1.3:8080' },
    ];
    expect(await gradeCheck(check({ ...client, expect: 'sourcePreserved' }), world())).toMatchObject({
      outcome: 'fail',
    });
    expect(await gradeCheck(check({ ...pod, expect: 'sourcePreserved' }), world())).toMatchObject({ outcome: 'pass' });
    expect(await gradeCheck(check({ ...pod, expect: 'masqueraded' }), world())).toMatchObject({ outcome: 'fail' });
  });

  test('is broken in the mode userspace, where kube-proxy itself takes the packets', async () => {
    const lab = labOf([check()]);
    const userspace = {
      ...lab,
      cluster: { ...lab.cluster, proxy: { ...lab.cluster.proxy, mode: 'userspace' as const } },
    };
    expect((await grade(userspace, world())).tasks[0]?.checks[0]).toMatchObject({ outcome: 'broken' });
  });

  test('refuses expectations that exclude each other', () => {
    expect(pathCheck.mistakes?.({ expect: ['dropped', 'endpoints'] })).toEqual([
      { field: 'expect', message: '"dropped" and "endpoints" exclude each other' },
    ]);
    expect(pathCheck.mistakes?.({ expect: ['endpoints', 'balanced'] })).toEqual([]);
  });
});
