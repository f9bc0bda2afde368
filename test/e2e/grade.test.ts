// Grades a running lab service-networking: untouched, solved, partly undone, and with a student's manipulated tools.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/api/report.ts';
import { isLong } from '../support/runs.ts';
import { labs, type Ran } from './cli-support.ts';

const name = `e2e-grade-${process.pid}`;
let state: string;

const run = (...argv: string[]): Promise<Ran> => labs(['--name', name, ...argv], { env: { XDG_STATE_HOME: state } });
const sh = async (machine: string, script: string): Promise<Ran> => {
  const ran = await run('shell', machine, '--', 'bash', '-euc', script);
  if (ran.exitCode !== 0) throw new Error(`${machine}: ${script}\n${ran.stderr}`);
  return ran;
};
const kubectl = (...argv: string[]) => run('kubectl', ...argv);

const grade = async (): Promise<Report & { exitCode: number }> => {
  const { stdout, stderr, exitCode } = await run('grade', '--json');
  if (stdout === '') throw new Error(stderr);
  return { ...(JSON.parse(stdout) as Report), exitCode };
};

/** Tasks that don't have their full score, and why. */
const open = ({ tasks }: Report): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    tasks
      .filter(({ score, maxScore }) => score < maxScore)
      .map(({ id, checks }) => [
        id,
        checks.filter(({ outcome }) => outcome !== 'pass').map((check) => `${check.id}: ${check.observed}`),
      ]),
  );

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'labs-e2e-'));
  const { exitCode, stdout, stderr } = await labs(['start', 'service-networking', '--name', name, '--yes'], {
    env: { XDG_STATE_HOME: state },
  });
  expect(`${stdout}${stderr}`, 'labs start').toContain('is ready');
  expect(exitCode).toBe(0);
});
afterAll(async () => {
  await run('delete', '--yes');
  await rm(state, { recursive: true, force: true });
});

test('an untouched lab scores below 15 %, with nothing broken and exit code 1', async () => {
  const report = await grade();
  expect(report.score / report.maxScore).toBeLessThan(0.15);
  expect(report).toMatchObject({ broken: false, exitCode: 1 });
});

test('the author’s solution gets the full score', async () => {
  const solved = await run('solve', '--yes');
  expect(solved.exitCode, solved.stderr).toBe(0);
  const report = await grade();
  expect(open(report)).toEqual({});
  expect(report).toMatchObject({ score: report.maxScore, broken: false, exitCode: 0 });
});

interface Damage {
  readonly what: string;
  readonly undo: () => Promise<unknown>;
  readonly redo: () => Promise<unknown>;
  readonly task: string;
}

/** kube-proxy stops last, after it has written the changes of the others. */
const damages: readonly Damage[] = [
  {
    what: 'a deleted NodePort service',
    undo: () => kubectl('delete', 'service', 'orange-public'),
    redo: () => run('solve', 'nodeport', '--yes'),
    task: 'nodeport',
  },
  {
    what: 'a selector that matches nothing',
    undo: () => kubectl('set', 'selector', 'service/orders', 'app=nobody', '-n', 'shop'),
    redo: () => run('solve', 'mend-selector', '--yes'),
    task: 'mend-selector',
  },
  {
    what: 'a deployment with one pod less',
    undo: () => kubectl('scale', 'deployment', 'web', '--replicas=2'),
    redo: () => kubectl('scale', 'deployment', 'web', '--replicas=3'),
    task: 'predict',
  },
  {
    what: 'a tampered rule of db-service on one node',
    undo: () =>
      sh(
        'node02',
        `rule=$(iptables-save -t nat | grep default/db-service | grep -- '-j DNAT')
         iptables-restore --noflush <<< "*nat
\${rule/#-A/-D}
\${rule/:3306/:8888}
COMMIT"`,
      ),
    redo: () => sh('node02', 'systemctl restart kube-proxy'),
    task: 'dnat-rule',
  },
  {
    what: 'a stopped kube-proxy',
    undo: () => sh('node01', 'systemctl stop kube-proxy'),
    redo: () => sh('node01', 'systemctl start kube-proxy'),
    task: 'mend-proxy',
  },
];

const expectOnlyDamaged = async (done: readonly Damage[]): Promise<void> => {
  for (const { undo } of done) await undo();
  const tasks = done.map(({ task }) => task).sort();
  const report = await until((each) => Object.keys(open(each)).length >= tasks.length);
  expect(Object.keys(open(report)).sort(), JSON.stringify(open(report))).toEqual(tasks);
  expect(report).toMatchObject({ broken: false, exitCode: 1 });
  for (const { redo } of done.toReversed()) await redo();
  const again = await until(({ score, maxScore }) => score === maxScore);
  expect(open(again)).toEqual({});
};

test('after damage of several kinds, exactly the damaged tasks fail', () => expectOnlyDamaged(damages));

/** Each damage needs two gradings, so only the long tests do one after the other. */
test.each(isLong ? damages : [])('after $what, only task $task fails', (damage) => expectOnlyDamaged([damage]));

/** Grades until the report is as wanted, at most four times: the cluster needs a moment to apply a change. */
const until = async (wanted: (report: Report) => boolean): Promise<Report> => {
  let report = await grade();
  for (let tries = 0; tries < 3 && !wanted(report); tries += 1) report = await grade();
  return report;
};

test('tools that a student replaced in the nodes change nothing', async () => {
  const tools = '/usr/sbin/iptables /usr/sbin/iptables-save /usr/bin/curl /usr/bin/ip /usr/sbin/ip /usr/bin/cat';
  const replace = `for tool in ${tools}; do
    [ -e $tool ] || continue
    mv $tool $tool.real; printf '#!/bin/sh\\necho all is well\\n' > $tool; chmod +x $tool
  done`;
  const restore = `for tool in ${tools}; do if [ -e $tool.real ]; then mv $tool.real $tool; fi; done`;
  const onAll = (script: string) =>
    Promise.all(['controlplane', 'node01', 'node02', 'client'].map((machine) => sh(machine, script)));
  try {
    await onAll(replace);
    expect((await sh('node01', 'iptables-save')).stdout).toBe('all is well');
    expect(open(await grade())).toEqual({});
    await kubectl('delete', 'service', 'orange-public');
    expect(Object.keys(open(await grade()))).toEqual(['nodeport']);
  } finally {
    await onAll(restore);
  }
  await run('solve', 'nodeport', '--yes');
});

test('a stopped API server makes checks fail with a message, and is not reported as a fault of labs', async () => {
  await sh('controlplane', 'systemctl stop kube-apiserver');
  try {
    const report = await grade();
    expect(report.broken).toBe(false);
    expect(JSON.stringify(open(report))).toContain("kube-apiserver doesn't run on controlplane");
  } finally {
    await sh('controlplane', 'systemctl start kube-apiserver');
  }
  expect(open(await until(({ score, maxScore }) => score === maxScore))).toEqual({});
});

interface Fault {
  readonly task: string;
  readonly what: string;
  readonly damage: () => Promise<unknown>;
  /** Visits the service of the task. */
  readonly visit: () => Promise<Ran>;
}

const visit = (pod: string, service: string) => () =>
  kubectl('-n', 'shop', 'exec', pod, '--', 'curl', '-sS', '-m', '2', `http://${service}/`);

const faults: readonly Fault[] = [
  {
    task: 'mend-proxy',
    what: 'kube-proxy was disabled and the pods were deleted',
    damage: async () => {
      await sh('node02', 'systemctl disable --now kube-proxy; iptables -t nat -F KUBE-SERVICES');
      await kubectl('-n', 'shop', 'delete', 'pod', 'cart', 'visitor', '--now');
    },
    visit: visit('visitor', 'cart'),
  },
  {
    task: 'mend-selector',
    what: 'the pod got another label and the namespace another pod',
    damage: async () => {
      await kubectl('-n', 'shop', 'label', 'pod', 'orders', 'app=order', '--overwrite');
      await kubectl('-n', 'shop', 'run', 'mine', '--image=web', '-l', 'app=order');
    },
    visit: visit('visitor', 'orders'),
  },
  {
    task: 'mend-rule',
    what: 'rules were added, the service was changed and kube-proxy was killed',
    damage: async () => {
      await sh(
        'node01',
        `iptables -t nat -I OUTPUT -d 10.96.0.0/12 -p tcp --dport 80 -j DNAT --to 10.244.2.9:80
         iptables -t nat -I PREROUTING -d 10.96.0.0/12 -p tcp --dport 80 -j DNAT --to 10.244.2.9:80
         systemctl kill -s KILL kube-proxy`,
      );
      await kubectl('-n', 'shop', 'patch', 'service', 'stock', '-p', '{"spec":{"selector":{"app":"mine"}}}');
    },
    visit: visit('buyer', 'stock'),
  },
];

const expectMended = async (task: string): Promise<void> => {
  expect((await run('solve', task, '--yes')).exitCode).toBe(0);
  const report = await until((each) => open(each)[task] === undefined);
  expect(open(report)[task]).toBeUndefined();
};

/** Each task needs a reset and two gradings, so only the long tests do one after the other. */
test.each(isLong ? faults : [])('$task begins anew after $what, and is solved', async ({ task, damage, visit }) => {
  await damage();
  const reset = await run('reset', task, '--yes');
  expect(reset.exitCode, reset.stderr).toBe(0);
  expect(await visit()).toMatchObject({ stdout: '', stderr: expect.stringMatching(/curl: \((7|28)\)/) });
  expect(Object.keys(open(await grade()))).toContain(task);
  await expectMended(task);
});

describe('tasks with a fault', () => {
  test.each(faults)('$task begins anew after $what', async ({ task, damage }) => {
    await damage();
    const reset = await run('reset', task, '--yes');
    expect(reset.exitCode, reset.stderr).toBe(0);
  });

  test('have their faults after that, and fail', async () => {
    for (const { task, visit } of faults)
      expect(await visit(), task).toMatchObject({ stdout: '', stderr: expect.stringMatching(/curl: \((7|28)\)/) });
    const failed = Object.keys(open(await grade()));
    expect(failed).toEqual(expect.arrayContaining(faults.map(({ task }) => task)));
  });

  test('have the faults that nobody repaired again after stop and start, and the student is told', async () => {
    await expectMended('mend-proxy');
    expect((await run('stop')).exitCode).toBe(0);
    const started = await run('start', 'service-networking');
    expect(started.exitCode, started.stderr).toBe(0);
    expect(started.stderr).toContain('faults of task 15');
    const report = await until((each) => Object.keys(open(each)).length === 2);
    expect(Object.keys(open(report))).toEqual(['mend-selector', 'mend-rule']);
    await expectMended('mend-rule');
  });
});

test('goto removes what later tasks made, does the open tasks without points, and can be repeated', async () => {
  expect((await run('reset', 'db-service', '--yes')).exitCode).toBe(0);
  const gone = await run('goto', 'nodeport', '--yes');
  expect(gone.exitCode, gone.stderr).toBe(0);
  expect(gone.stderr).toMatch(/Task 5: The address of a service +\d+\.\d s/);
  const { stdout } = await kubectl('get', 'service', '-A', '-o', 'jsonpath={.items[*].metadata.name}');
  expect(stdout.split(' ').sort()).toEqual(['db-service', 'empty', 'kube-dns', 'kubernetes', 'orange', 'web']);
  const report = await grade();
  expect(report.tasks.find(({ id }) => id === 'db-service')).toMatchObject({ score: 0, skipped: true });
  expect(report.tasks.filter(({ passedAt }) => passedAt)).toHaveLength(13);
  const again = await run('goto', 'nodeport', '--yes');
  expect(again).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('Task 5') });
});
