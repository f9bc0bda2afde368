import { describe, expect, test } from 'vitest';
import type { LabDefinition } from '../../../src/api/lab.ts';
import { gradeLab } from '../../../src/host/grade/engine.ts';
import { exitCodeOf } from '../../../src/host/grade/report-of.ts';
import type { Student } from '../../../src/host/grade/student.ts';
import { accessTo, grade, labOf, nobody, pod, type World } from './world.ts';

const signal = new AbortController().signal;
const file = (id: string, over: object = {}) => ({ id, type: 'file', on: 'node/node01', path: `/${id}`, ...over });

describe('needs', () => {
  const checks = [file('a'), file('b', { needs: 'a' }), file('c', { needs: 'b' })];

  test('a check is blocked by its first need that has not passed, and blocks the checks that need it', async () => {
    const report = await grade(labOf(checks), { files: { 'node01:/b': '', 'node01:/c': '' } });
    expect(report.tasks[0]?.checks.map(({ outcome, observed }) => [outcome, observed])).toEqual([
      ['fail', 'node01 has no file /a'],
      ['blocked', '"It works"'],
      ['blocked', '"It works"'],
    ]);
    expect(report.tasks[0]?.checks.map(({ blockedBy }) => blockedBy)).toEqual([undefined, 'task/a', 'task/b']);
    expect(exitCodeOf(report)).toBe(1);
  });

  test('all checks pass when their needs pass', async () => {
    const report = await grade(labOf(checks), { files: { 'node01:/a': '', 'node01:/b': '', 'node01:/c': '' } });
    expect(report).toMatchObject({ score: 3, maxScore: 3, broken: false });
    expect(exitCodeOf(report)).toBe(0);
  });

  test('a check that needs a broken check is blocked, and the report is broken', async () => {
    const world: World = { stopped: ['node02'], files: { 'node01:/b': '' } };
    const report = await grade(labOf([file('a', { on: 'node/node02' }), file('b', { needs: 'a' })]), world);
    expect(report.tasks[0]?.checks.map(({ outcome }) => outcome)).toEqual(['broken', 'blocked']);
    expect(report.broken).toBe(true);
    expect(exitCodeOf(report)).toBe(3);
  });
});

describe('needs of a task', () => {
  const [first] = labOf([file('a')], { id: 'first', title: { en: 'The first' } }).tasks;
  const lab = labOf([file('b')], { id: 'second', needs: ['first'] });
  const both = { ...lab, tasks: [...(first ? [first] : []), ...lab.tasks] };
  const outcomes = ({ tasks }: Awaited<ReturnType<typeof grade>>) =>
    tasks.map(({ waitsFor, checks: [check] }) => [check?.outcome, check?.points, waitsFor]);

  test('its checks are blocked until the other task is done, with the reason', async () => {
    const report = await grade(both, { files: { 'node01:/b': '' } });
    expect(outcomes(report)[1]).toEqual(['blocked', 0, ['first']]);
    expect(report.tasks[1]?.checks[0]?.observed).toBe('task 1, which comes first: The first');
  });

  test('both tasks pass at once if both are done', async () => {
    const report = await grade(both, { files: { 'node01:/a': '', 'node01:/b': '' } });
    expect(outcomes(report).map(([outcome]) => outcome)).toEqual(['pass', 'pass']);
  });

  test('also where only the second task is graded, the first one is looked at', async () => {
    const access = accessTo({ files: { 'node01:/b': '' } });
    const report = await gradeLab({ lab: both, access, progress: nobody, tasks: ['second'], signal });
    expect(outcomes(report)).toEqual([['blocked', 0, ['first']]]);
  });

  test.each([
    ['had passed before', { passedAt: { first: '2026-01-01T00:00:00Z' } }],
    ['was done by labs goto', { skipped: { first: [] } }],
  ])('a task that %s is done, whatever breaks it later', async (_, student) => {
    const access = accessTo({ files: { 'node01:/b': '' } });
    const report = await gradeLab({ lab: both, access, progress: { ...nobody, ...student }, signal });
    expect(outcomes(report)[1]).toEqual(['pass', 1, undefined]);
  });
});

describe('reveal', () => {
  const failed = async (over: object) =>
    (
      await grade(labOf([{ id: 'a', type: 'http', from: 'pod/blue', url: 'http://10.96.0.20/', ...over }]), {
        objects: { '/api/v1/pods': [pod('blue', 'node01', '10.244.1.3')] },
        http: () => ({ ok: false, failure: 'refused', message: '' }),
      })
    ).tasks[0]?.checks[0];

  test('cause, the default, shows what was seen and the advice of the kind', async () => {
    const report = await failed({});
    expect(report?.observed).toContain('connection refused');
    expect(report?.hint).toContain('targetPort');
  });

  test('symptom shows what was seen, and no advice except the lab’s own', async () => {
    const report = await failed({ reveal: 'symptom' });
    expect(report?.observed).toContain('connection refused');
    expect(report?.hint).toBeUndefined();
    expect((await failed({ reveal: 'symptom', hint: 'Compare two nodes.' }))?.hint).toBe('Compare two nodes.');
  });

  test('nothing shows neither what was expected nor what was seen', async () => {
    const report = await failed({ reveal: 'nothing' });
    expect(report?.outcome).toBe('fail');
    expect(JSON.stringify(report)).not.toMatch(/10\.96\.0\.20|refused/);
  });

  test('nothing speaks of something wrong only in a task that breaks something', async () => {
    const look = file('b', { reveal: 'nothing' });
    const observed = async (lab: LabDefinition) =>
      (await grade(lab, { files: {} }, { ...nobody, begun: ['task'] })).tasks[0]?.checks[0]?.observed;
    expect(await observed(labOf([look]))).toBe('not yet');
    expect(await observed(labOf([look], { setup: '/lab/setup.ts' }))).toContain('To find out what is wrong');
  });

  test('nothing tells a question without an answer from one with a wrong answer', async () => {
    const lab = labOf([{ id: 'a', type: 'answer', question: 'Which?', equals: 'this', reveal: 'nothing' }]);
    const [open] = (await grade(lab, {})).tasks[0]?.checks ?? [];
    expect(open).toMatchObject({ observed: 'not answered yet', hint: 'labs answer 1' });
    const [wrong] = (await grade(lab, {}, { ...nobody, answers: { 'task/a': 'that' } })).tasks[0]?.checks ?? [];
    expect(JSON.stringify(wrong)).not.toMatch(/this"|that|Which/);
  });
});

describe('a task that has passed', () => {
  const [fault] = labOf([file('b', { reveal: 'nothing' })], { id: 'mend', setup: '/lab/setup.ts' }).tasks;
  const plain = labOf([file('a')]);
  const lab = { ...plain, tasks: [...plain.tasks, ...(fault ? [fault] : [])] };
  const passedAt = { task: '2026-01-01T00:00:00Z' };
  const seen = async (student: Partial<Student>) =>
    (await grade(lab, { files: {} }, { ...nobody, ...student })).tasks[0]?.checks[0];

  test('does not tell what the secret fault of another task breaks', async () => {
    const report = await seen({ passedAt, begun: ['mend'] });
    expect(report).toMatchObject({
      outcome: 'fail',
      observed: 'not now. It passed before, and what task 2 is about may have changed it',
    });
    expect(report).not.toHaveProperty('hint');
  });

  test.each<[string, Partial<Student>]>([
    ['the fault has not begun', { passedAt }],
    ['the fault is mended', { passedAt: { ...passedAt, mend: '2026-01-01T00:00:00Z' }, begun: ['mend'] }],
    ['labs has solved it', { passedAt, begun: ['mend'], solved: ['mend'] }],
    ['it has not passed', { begun: ['mend'] }],
  ])('tells what it saw if %s', async (_, student) => {
    expect((await seen(student))?.observed).toContain('/a');
  });
});

describe('a task with a setup', () => {
  test('is blocked until it has begun, also when its checks would pass', async () => {
    const lab = labOf([file('a')], { setup: '/lab/setup.ts' });
    const world = { files: { 'node01:/a': '' } };
    expect((await grade(lab, world)).tasks[0]?.checks[0]).toMatchObject({ outcome: 'blocked', points: 0 });
    const begun = await grade(lab, world, { ...nobody, begun: ['task'] });
    expect(begun.tasks[0]?.checks[0]).toMatchObject({ outcome: 'pass', points: 1 });
  });
});

describe('stableFor', () => {
  const answered = { ok: true, status: 200, body: '', remote: '', local: '', milliseconds: 1 } as const;
  const steady = { id: 'a', type: 'http', from: 'client', url: 'http://192.168.56.11/', stableFor: '100ms' };

  test('passes when every look is right, and looks several times', async () => {
    let looks = 0;
    const http = () => {
      looks += 1;
      return answered;
    };
    const report = await grade(labOf([steady]), { http });
    expect(report.tasks[0]?.checks[0]).toMatchObject({
      outcome: 'pass',
      expected: 'client gets 200 from http://192.168.56.11/, and it stays so for 0.1 s',
    });
    expect(looks).toBeGreaterThan(1);
  });

  test('fails when a later look is wrong, and blocks what needs the check', async () => {
    let looks = 0;
    const http = () => {
      looks += 1;
      return { ...answered, status: looks === 2 ? 503 : 200 };
    };
    const report = await grade(labOf([steady, file('b', { needs: 'a' })]), { http, files: { 'node01:/b': '' } });
    expect(report.tasks[0]?.checks).toMatchObject([
      { outcome: 'fail', observed: expect.stringContaining('503') },
      { outcome: 'blocked' },
    ]);
    expect(looks).toBe(2);
  });

  test('begins when the check holds', async () => {
    let looks = 0;
    const http = () => {
      looks += 1;
      return { ...answered, status: looks < 3 ? 503 : 200 };
    };
    const report = await grade(labOf([{ ...steady, within: '5s' }]), { http });
    expect(report.tasks[0]?.checks[0]?.outcome).toBe('pass');
    expect(looks).toBeGreaterThan(3);
  });

  test('has a limit', () => {
    expect(() => labOf([{ ...steady, stableFor: '2m' }])).toThrow('must be at most 60s');
  });
});

describe('within', () => {
  test('tries again until the check passes', async () => {
    let looks = 0;
    const world: World = {
      get files(): Record<string, string> {
        looks += 1;
        return looks < 3 ? {} : { 'node01:/a': '' };
      },
    };
    const report = await grade(labOf([file('a', { within: '5s' })]), world);
    expect(report.score).toBe(1);
    expect(looks).toBe(3);
  });

  test('gives up after the time, and unblocks waiting checks when the check passes', async () => {
    const report = await grade(labOf([file('a', { within: '300ms' })]), {});
    expect(report.score).toBe(0);
    expect(report.durationMs).toBeLessThan(1000);
    let looks = 0;
    const world: World = {
      get files(): Record<string, string> {
        looks += 1;
        return looks < 3 ? { 'node01:/b': '' } : { 'node01:/a': '', 'node01:/b': '' };
      },
    };
    expect((await grade(labOf([file('a', { within: '5s' }), file('b', { needs: 'a' })]), world)).score).toBe(2);
  });
});

test('a fabric that fails once makes no check broken', async () => {
  let looks = 0;
  const world: World = {
    get facts(): NonNullable<World['facts']> {
      looks += 1;
      return looks === 1 ? {} : { node01: { links: [], routes: [] } };
    },
  };
  const report = await grade(labOf([{ type: 'link', on: 'node/node01', count: 0 }]), world);
  expect(report).toMatchObject({ broken: false, score: 1 });
});

test('a check waits for an API server that systemd restarts', async () => {
  let asked = 0;
  const world: World = {
    facts: { controlplane: { processes: [] } },
    kube: () => {
      asked += 1;
      if (asked < 3) throw new Error('connect ECONNREFUSED');
      return { status: 200, body: { items: [pod('blue', 'node01', '10.244.1.3')] } };
    },
  };
  const report = await grade(labOf([{ type: 'object', object: 'pod/blue' }]), world);
  expect(report).toMatchObject({ score: 1, broken: false });
});

test('facts are gathered once per place for all checks', async () => {
  const links = [{ ifindex: 1, name: 'cni0', kind: 'bridge', up: true, mac: '', mtu: 1500, addresses: [] }];
  const world: World = {
    objects: { '/api/v1/pods': [pod('blue', 'node01', '10.244.1.3')] },
    facts: { node01: { links, routes: [], iptables: '' } },
  };
  const calls: string[] = [];
  const checks = [
    { id: 'a', type: 'link', on: 'node/node01', name: 'cni0' },
    { id: 'b', type: 'link', on: 'node/node01', kind: 'bridge' },
    { id: 'c', type: 'route', on: 'node/node01', to: 'default' },
    { id: 'd', type: 'object', object: 'pod/blue' },
    { id: 'e', type: 'object', object: 'pod/green' },
  ];
  await grade(labOf(checks), world, nobody, calls);
  expect(calls.sort()).toEqual(['facts', 'kube']);
});

test('grading one task evaluates its needs in other tasks and reports only that task', async () => {
  const base = labOf([file('a')]);
  const [first] = base.tasks;
  const second = labOf([file('b', {})]).tasks[0];
  if (!first || !second) throw new Error('no tasks');
  const needing = { ...second, id: 'other', checks: second.checks.map((check) => ({ ...check, needs: ['task/a'] })) };
  const lab = { ...base, tasks: [first, needing] };
  const access = accessTo({ files: { 'node01:/b': '' } });
  const report = await gradeLab({ lab, access, progress: nobody, tasks: ['other'], signal });
  expect(report.tasks.map(({ id, checks }) => [id, checks[0]?.outcome, checks[0]?.observed])).toEqual([
    ['other', 'blocked', '"It works" (task 1)'],
  ]);
});

test('a bug in the grader makes a check broken', async () => {
  const report = await grade(labOf([{ type: 'iptables', on: 'node/node01', rules: { chain: 'X' } }]), {
    facts: { node01: { iptables: '*nat\n-A nonsense without a chain declared --', links: [] } },
  });
  expect(['broken', 'fail']).toContain(report.tasks[0]?.checks[0]?.outcome);
});

test('titles and hints are in the requested language', async () => {
  const lab = labOf([file('a', { title: { en: 'File', ko: '파일' }, hint: { en: 'Make it', ko: '만드세요' } })]);
  const report = await gradeLab({ lab, access: accessTo({}), progress: nobody, language: 'ko', signal });
  expect(report.tasks[0]?.checks[0]).toMatchObject({ title: '파일', hint: '만드세요' });
});

describe('while another grader changes the cluster', () => {
  const checks = [file('a'), file('b', { needs: 'a' })];

  test('what fails is looked at again when the change is over', async () => {
    let asked = 0;
    const files: Record<string, string> = {};
    const changeState = () => {
      asked += 1;
      // The third question is whether the change is over.
      if (asked === 3) Object.assign(files, { 'node01:/a': '', 'node01:/b': '' });
      return { open: asked < 3, count: 1 };
    };
    expect(await grade(labOf(checks), { files, changeState })).toMatchObject({ score: 2, broken: false });
  });

  test('what fails is looked at again when a change began and ended meanwhile', async () => {
    let count = 0;
    const files: Record<string, string> = {};
    const changeState = () => {
      count += 1;
      if (count === 3) Object.assign(files, { 'node01:/a': '', 'node01:/b': '' });
      return { open: false, count: Math.min(count, 3) };
    };
    expect(await grade(labOf(checks), { files, changeState })).toMatchObject({ score: 2, broken: false });
  });
});
