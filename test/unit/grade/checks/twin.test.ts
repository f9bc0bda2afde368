import { describe, expect, test } from 'vitest';
import type { NamespaceTexts } from '../../../../src/api/dataplane.ts';
import { LabError } from '../../../../src/kit/error.ts';
import { saved } from '../../../support/dataplane/texts.ts';
import { namespace, serviceRules, world } from '../web-world.ts';
import { grade, gradeCheck, labOf, type World } from '../world.ts';

/** What kube-proxy would write on node01. Its links are not those of the node. */
const twin = (iptables = serviceRules): NamespaceTexts =>
  namespace('node01', true, { links: { eth0: ['192.168.56.11/24'] }, iptables: saved(iptables) });

const beside = (own: World, texts = twin()): World => ({ ...own, twin: () => texts });

const check = { type: 'twin', on: 'node/node01' };

describe('a twin check', () => {
  test('passes when the rules are those of kube-proxy', async () => {
    expect(await gradeCheck(check, beside(world()))).toMatchObject({
      outcome: 'pass',
      expected: 'node01 does to every packet what kube-proxy would do',
      observed: expect.stringMatching(/^node01: all \d\d+ packets end as with kube-proxy$/),
    });
  });

  test('passes when other rules have the same effect', async () => {
    const other = serviceRules
      .replace('0.50000000000 -j ONE', '0.50000000000 -j TWO')
      .replace('-A SVC -j TWO', '-A SVC -j ONE');
    expect(await gradeCheck(check, beside(world({ service: other })))).toMatchObject({ outcome: 'pass' });
  });

  test.each([
    [
      'a rule that drops',
      { rules: '*filter\n-A FORWARD -p tcp -m tcp --dport 8080 -j DROP' },
      /TCP packets from one to 10\.96\.0\.1:80 are dropped on node01\. With kube-proxy: 50 % arrive/,
      'kube-proxy has no rule `-A FORWARD -p tcp -m tcp --dport 8080 -j DROP` (node01, iptables-nft, filter). `labs trace',
    ],
    [
      'a rule that drops the answers',
      { rules: '*filter\n-A FORWARD -p tcp -m tcp --sport 8080 -j DROP' },
      /packets from one to 10\.96\.0\.1:80: 50 % arrive at 10\.244\.1\.2:8080, from [\d.]+, but the answers are dropped on node01/,
      'kube-proxy has no rule `-A FORWARD -p tcp -m tcp --sport 8080 -j DROP` (node01, iptables-nft, filter). `labs trace',
    ],
    [
      'shares of endpoints',
      { service: serviceRules.replace('0.50000000000', '0.25000000000') },
      /TCP packets from node01 to 10\.96\.0\.1:80: 75 % arrive at 10\.244\.1\.3:8080.*With kube-proxy: 50 % arrive/,
      'kube-proxy has no rule `-A SVC -m statistic --mode random --probability 0.25',
    ],
    [
      'a masquerading rule that is missing',
      { service: serviceRules.replace('-A POSTROUTING -s 192.168.56.100/32 -j MASQUERADE\n', '') },
      /from 192\.168\.56\.100.*With kube-proxy: .*from 10\.244\.1\.1/,
      'It lacks the rule `-A POSTROUTING -s 192.168.56.100/32 -j MASQUERADE`',
    ],
    [
      'a drop of packets that are for no service',
      { rules: '*filter\n-A INPUT -p tcp -m tcp --dport 10250 -j DROP' },
      /to 192\.168\.56\.11:10250 are dropped on node01/,
      '--dport 10250 -j DROP`',
    ],
    [
      'a parameter of the kernel',
      { sysctls: 'net.ipv4.ip_forward = 0' },
      /are dropped on node01/,
      'net.ipv4.ip_forward',
    ],
    ['rules that are gone', { service: '' }, /leave the cluster.*With kube-proxy: 50 % arrive/, 'It lacks the rule'],
  ])('fails for %s, and names packet and rule', async (_, change, observed, hint) => {
    const failed = await gradeCheck(check, beside(world(change)));
    expect(failed).toMatchObject({
      outcome: 'fail',
      observed: expect.stringMatching(observed),
      hint: expect.stringContaining(hint),
    });
    expect(await gradeCheck({ ...check, not: true }, beside(world(change)))).toMatchObject({ outcome: 'pass' });
  });

  test('fails for a rule that nobody can judge, also with `not`', async () => {
    const unclear = world({ rules: '*filter\n-A FORWARD -m u32 --u32 "0=0" -j DROP' });
    for (const not of [false, true])
      expect(await gradeCheck({ ...check, not }, beside(unclear))).toMatchObject({
        outcome: 'fail',
        observed: expect.stringContaining('cannot be followed on node01'),
      });
  });

  test('fails for rules whose text a name makes unreadable', async () => {
    const own = world();
    const odd = own.dataplane?.map((each) => ({ ...each, iptables: `${each.iptables}rubbish\n` }));
    expect(await gradeCheck(check, beside({ ...own, ...(odd ? { dataplane: odd } : {}) }))).toMatchObject({
      outcome: 'fail',
    });
  });

  test('forgets which clients of a sticky service have connected before', async () => {
    const sticky = serviceRules.replace(
      '-A SVC -m statistic',
      '-A SVC -m recent --rcheck --seconds 10800 --reap --name ONE --mask 255.255.255.255 --rsource -j ONE\n-A SVC -m statistic',
    );
    const own = world({ service: sticky });
    const remembers = own.dataplane?.map((each) => ({
      ...each,
      recent: { ONE: 'src=192.168.56.100 ttl: 64 last_seen: 4 oldest_pkt: 1 4' },
    })) as readonly NamespaceTexts[];
    expect(await gradeCheck(check, beside({ ...own, dataplane: remembers }, twin(sticky)))).toMatchObject({
      outcome: 'pass',
    });
  });

  test('fails when a sticky service sends a client that comes again elsewhere', async () => {
    const list = '--mask 255.255.255.255 --rsource';
    const lookups = ['ONE', 'TWO'].map(
      (name) => `-A SVC -m recent --rcheck --seconds 10800 --name ${name} ${list} -j ${name}`,
    );
    const remembering = serviceRules
      .replaceAll(/-A (ONE|TWO) -p tcp/g, `-A $1 -p tcp -m recent --set --name $1 ${list}`)
      .replace('-A SVC -m statistic', `${lookups.join('\n')}\n-A SVC -m statistic`);
    const sticky = (own: World): World => {
      const services = own.objects?.['/api/v1/services'] as readonly { spec: object }[];
      const all = services.map((each) => ({ ...each, spec: { ...each.spec, sessionAffinity: 'ClientIP' } }));
      return { ...own, objects: { ...own.objects, '/api/v1/services': all } };
    };
    const wanted = twin(remembering);
    expect(await gradeCheck(check, beside(sticky(world({ service: remembering })), wanted))).toMatchObject({
      outcome: 'pass',
    });
    const forgetful = remembering.replaceAll(/-A SVC -m recent.*\n/g, '');
    expect(await gradeCheck(check, beside(sticky(world({ service: forgetful })), wanted))).toMatchObject({
      outcome: 'fail',
      observed: expect.stringMatching(
        /to 10\.96\.0\.1:80: of the clients that come again, 50 % meet the same endpoint\. With kube-proxy, 100 % do/,
      ),
      hint: expect.stringContaining('It lacks the rule `-A SVC -m recent --rcheck'),
    });
  });

  test('is broken when kube-proxy could not run in place of the node, and in the mode userspace', async () => {
    const fails = (): never => {
      throw new LabError('FABRIC_TOOL', 'kube-proxy could not run for node01: exit code 1');
    };
    expect(await gradeCheck(check, { ...world(), twin: fails })).toMatchObject({
      outcome: 'broken',
      observed: expect.stringContaining('kube-proxy could not run for node01'),
    });
    const lab = labOf([check]);
    const userspace = {
      ...lab,
      cluster: { ...lab.cluster, proxy: { ...lab.cluster.proxy, mode: 'userspace' as const } },
    };
    expect((await grade(userspace, beside(world()))).tasks[0]?.checks[0]).toMatchObject({ outcome: 'broken' });
  });

  test('fails when the API server was stopped', async () => {
    const stopped: World = {
      ...beside(world()),
      kube: () => {
        throw new LabError('LAB_API_SILENT', 'nothing listens');
      },
      facts: { controlplane: { processes: [] } },
    };
    expect(await gradeCheck(check, stopped)).toMatchObject({ outcome: 'fail' });
  });
});
