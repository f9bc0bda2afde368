// Solutions that only seem to solve a task give no full points, and the report names the cause.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Report } from '../../src/api/report.ts';
import { isLong } from '../support/runs.ts';
import { labs, type Ran } from './cli-support.ts';
import { failuresIn, gradeUntil, isFull, ok, reportOf } from './graded-lab.ts';

const name = `e2e-wrong-${process.pid}`;
const lab = fileURLToPath(new URL('../fixtures/labs/node-ports', import.meta.url));
let state: string;

const run = (...argv: string[]): Promise<Ran> => labs(['--name', name, ...argv], { env: { XDG_STATE_HOME: state } });
const sh = (machine: string, script: string) => ok(run('shell', machine, '--', 'bash', '-euc', script));
const start = () => labs(['start', lab, '--name', name, '--yes'], { env: { XDG_STATE_HOME: state } });

const grade = (): Promise<Report> => reportOf(run('grade', '--json'));

/** With the hint, because it names the cause. */
const failures = (report: Report): Readonly<Record<string, string>> =>
  failuresIn(report, ({ observed, hint = '' }) => `${observed} ${hint}`);

const expectFull = async (): Promise<void> => expect(failures(await gradeUntil(grade, isFull))).toEqual({});

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'labs-e2e-'));
  expect(await start()).toMatchObject({ exitCode: 0 });
});
afterAll(async () => {
  await run('delete', '--yes');
  await rm(state, { recursive: true, force: true });
});

test('nothing gives points before the work, and neither does a stop and a start', async () => {
  await ok(run('begin', 'mend'));
  const before = await grade();
  expect(before).toMatchObject({ score: 0, broken: false });
  expect(failures(before)['mend/path']).toMatch(/dropped on node02 .*-A PREROUTING -p tcp .*--dport 30183 -j DROP/);
  await ok(run('stop'));
  expect(await start()).toMatchObject({ exitCode: 0 });
  const after = await grade();
  expect(after).toMatchObject({ score: 0, broken: false });
  expect(failures(after)['mend/path']).toMatch(/dropped on node02 .*-A PREROUTING -p tcp .*--dport 30183 -j DROP/);
});

test('the right solution gives all points', async () => {
  await ok(run('solve', '--yes'));
  await expectFull();
});

interface Attempt {
  readonly what: string;
  readonly attempt: () => Promise<unknown>;
  readonly undo: () => Promise<unknown>;
  /** Checks that must not pass, with what the student is told. */
  readonly told: Readonly<Record<string, RegExp>>;
}

const on = (machine: string, attempt: string, undo: string): Pick<Attempt, 'attempt' | 'undo'> => ({
  attempt: () => sh(machine, attempt),
  undo: () => sh(machine, undo),
});
const nodes = ['controlplane', 'node01', 'node02'];
const prerouting = 'PREROUTING -p tcp --dport 30183';
const drop = `iptables -t mangle -A ${prerouting} -j DROP`;
const many = 'PREROUTING -p tcp -m multiport --dports 30183,30999';

const attempts: readonly Attempt[] = [
  {
    what: 'a relay on the port of each node in place of the node port',
    attempt: async () => {
      await ok(run('kubectl', 'patch', 'service', 'shelf', '-p', '{"spec":{"type":"ClusterIP"}}'));
      const { stdout } = await ok(run('kubectl', 'get', 'service', 'shelf', '-o', 'jsonpath={.spec.clusterIP}'));
      const relay = `socat TCP-LISTEN:30180,fork,reuseaddr TCP:${stdout.trim()}:80`;
      for (const node of nodes) await sh(node, `systemd-run -q --unit=relay ${relay}`);
    },
    undo: async () => {
      for (const node of nodes) await sh(node, 'systemctl stop relay');
      const nodePort = '{"spec":{"type":"NodePort","ports":[{"port":80,"nodePort":30180}]}}';
      await ok(run('kubectl', 'patch', 'service', 'shelf', '-p', nodePort));
    },
    told: { 'open/service': /ClusterIP/, 'open/rules': /keeps its destination: no rule changes it/ },
  },
  {
    what: 'all rules flushed, and kube-proxy stopped',
    ...on(
      'node02',
      'systemctl stop kube-proxy; for table in mangle nat filter; do iptables -t $table -F; done',
      'systemctl restart kube-proxy',
    ),
    told: { 'mend/untouched': /missing: /, 'mend/works': /^fail/ },
  },
  {
    what: 'kube-proxy stopped',
    ...on('node01', 'systemctl stop kube-proxy', 'systemctl start kube-proxy'),
    told: { 'mend/running': /kube-proxy/ },
  },
  {
    what: 'an ACCEPT before the DROP',
    ...on(
      'node02',
      `${drop}; iptables -t mangle -I ${prerouting} -j ACCEPT`,
      `iptables -t mangle -D ${prerouting} -j DROP; iptables -t mangle -D ${prerouting} -j ACCEPT`,
    ),
    told: { 'mend/untouched': /2 differences .*added: `-A PREROUTING .*-j ACCEPT`.*added: `-A PREROUTING .*-j DROP`/ },
  },
  {
    what: 'the DROP written in another way, and an ACCEPT before it',
    ...on(
      'node02',
      `iptables -t mangle -A ${many} -j DROP; iptables -t mangle -I ${prerouting} -j ACCEPT`,
      `iptables -t mangle -D ${many} -j DROP; iptables -t mangle -D ${prerouting} -j ACCEPT`,
    ),
    told: { 'mend/untouched': /added: `-A PREROUTING .*-m multiport --dports 30183,30999 -j DROP`/ },
  },
  {
    what: 'a native nft table that drops',
    ...on(
      'node02',
      'nft "add table inet x; add chain inet x c { type filter hook prerouting priority -300; }; add rule inet x c tcp dport { 30180, 30183 } drop"',
      'nft delete table inet x',
    ),
    told: {
      'open/rules': /is dropped .*tcp dport .*drop \(nft, x\)/,
      'mend/path': /dropped on node02 .*tcp dport .*drop` \(node02, nft, x\)/,
      'mend/untouched': /added: `table inet x`/,
    },
  },
  {
    what: 'forwarding switched off',
    ...on('node02', 'sysctl -qw net.ipv4.ip_forward=0', 'sysctl -qw net.ipv4.ip_forward=1'),
    told: { 'mend/forwarding': /node02/, 'mend/path': /net\.ipv4\.ip_forward = 0/, 'open/rules': /not by a rule/ },
  },
  {
    what: 'a blackhole route to a pod',
    attempt: async () => sh('node02', `ip route add blackhole ${await addressOf('door')}/32`),
    undo: async () => sh('node02', `ip route delete blackhole ${await addressOf('door')}/32`),
    told: { 'mend/path': /blackhole/ },
  },
  {
    what: 'another destination written into the packets of the client',
    ...on(
      'client',
      'iptables -t nat -A OUTPUT -d 192.168.56.12 -p tcp -j DNAT --to-destination 192.168.56.11',
      'iptables -t nat -F OUTPUT',
    ),
    told: {
      'open/node02': /labs saw no packet of the request leave for it and arrive/,
      'mend/path': /client itself sends packets for 192\.168\.56\.12:30183 to 192\.168\.56\.11:30183/,
    },
  },
];

const addressOf = async (pod: string): Promise<string> =>
  (await ok(run('kubectl', 'get', 'pod', pod, '-o', 'jsonpath={.status.podIP}'))).stdout.trim();

/** One of each kind: a program by hand, rules of iptables and of nft, the client's own rules. Each takes 15 s. */
const usual = [
  'a relay on the port of each node in place of the node port',
  'the DROP written in another way, and an ACCEPT before it',
  'a native nft table that drops',
  'another destination written into the packets of the client',
];
const tried = attempts.filter(({ what }) => isLong || usual.includes(what));

test('tries solutions of each kind', () => {
  expect(tried).toHaveLength(isLong ? attempts.length : usual.length);
});

test.each(tried)('gives no full points for $what', async ({ attempt, undo, told }) => {
  await attempt();
  const report = await grade().finally(undo);
  const seen = failures(report);
  expect(report.broken, JSON.stringify(seen)).toBe(false);
  expect(report.score).toBeLessThan(report.maxScore);
  for (const [id, cause] of Object.entries(told)) expect(seen[id] ?? 'passed', id).toMatch(cause);
  await expectFull();
});
