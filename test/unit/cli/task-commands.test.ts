import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Language } from '../../../src/api/lab.ts';
import { printPassed } from '../../../src/host/cli/after-task.ts';
import { answerTask } from '../../../src/host/cli/commands/answer.ts';
import { beginNamed } from '../../../src/host/cli/commands/begin.ts';
import { gotoTask } from '../../../src/host/cli/commands/goto.ts';
import { resetQuestion, resetTask } from '../../../src/host/cli/commands/reset.ts';
import { solveTasks } from '../../../src/host/cli/commands/solve.ts';
import type { Context } from '../../../src/host/cli/context.ts';
import type { ResetEffect } from '../../../src/host/cli/messages/progress.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { afterRestartIn, recordWorkIn } from '../../../src/host/cli/restart.ts';
import { gradeAndRecord } from '../../../src/host/cli/session.ts';
import { type LabOfScripts, labOfScripts } from '../tasks/lab-of-scripts.ts';
import { fakeOutput } from './fake-output.ts';

let folder: string;
let world: LabOfScripts;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'task-commands-'));
  world = await labOfScripts(folder, 'one', 'two', 'mend-three', 'four');
});
afterEach(() => rm(folder, { recursive: true }));

const session = () => ({ ...world, name: 'lab' });

const contextWith = (given: Partial<Context> = {}, language: Language = 'en') => {
  const { output, lines, notes } = fakeOutput();
  const context = {
    output,
    say: messagesIn(language),
    environment: { language, stateFolder: folder },
    signal: new AbortController().signal,
    yes: true,
    json: false,
    ...given,
  } as unknown as Context;
  return { context, lines, notes, text: () => lines.join('\n') };
};

/** The task is done in the cluster, and its answer is right. */
const doTask = async (id: string): Promise<void> => {
  world.objects.add(id);
  await world.progress.answer(`${id}/question`, 'right');
  await gradeAndRecord(contextWith().context, session());
};

/** The same lab after a restart of its machines, which repaired every fault. */
const restarted = () => ({ ...session(), access: { ...world.access, machines: [] } });

describe('labs goto', () => {
  test('says what will happen, and does nothing when it cannot ask', async () => {
    await doTask('one');
    const { context, text } = contextWith({ yes: false });
    await expect(gotoTask(context, session(), world.task('four'))).rejects.toMatchObject({
      code: 'LAB_NEEDS_YES',
      exitCode: 2,
    });
    expect(text()).toMatch(/- Task 1: passed, and stays so/);
    expect(text()).toMatch(/- Tasks 2–3: done by labs\. You keep the points/);
    expect(text()).toMatch(/- Nodes: set back to how the lab starts/);
    expect(world.ran).toEqual([]);
    expect((await world.progress.read()).skipped).toEqual({});
  });

  test('shows each task that it did, with its time, and the next command', async () => {
    const { context, text, notes } = contextWith();
    expect(await gotoTask(context, session(), world.task('mend-three'))).toBe(0);
    expect(notes[0]).toMatch(/✔ Setting the nodes back to how the lab starts +\d+\.\d s/);
    expect(notes[1]).toMatch(/✔ Removing what was made, if anything +\d+\.\d s/);
    expect(notes.join('\n')).toMatch(/✔ Task 2: The task two +\d+\.\d s/);
    expect(text()).toMatch(/The cluster is at the start of task 3 \(\d+\.\d s\)\./);
    expect(text()).toContain('labs tasks 3');
    expect(text()).toContain('labs begin 3');
  });

  test('prints JSON for programs, and nothing else on standard output', async () => {
    await doTask('one');
    const { context, lines } = contextWith({ json: true });
    await gotoTask(context, session(), world.task('mend-three'));
    expect(JSON.parse(lines.join('\n'))).toEqual({
      task: 'mend-three',
      number: 3,
      keep: ['one'],
      skip: ['two'],
      remove: [],
    });
  });

  test('speaks Korean', async () => {
    const { context, text } = contextWith({}, 'ko');
    await gotoTask(context, session(), world.task('four'));
    expect(text()).toContain('과제 1–3: labs가 대신 풉니다');
    expect(text()).toContain('클러스터가 4번 과제의 시작 상태가 되었습니다');
  });
});

describe('labs begin', () => {
  test('breaks something once, and names the command that begins the task anew', async () => {
    const first = contextWith();
    await beginNamed(first.context, session(), world.task('mend-three'));
    expect(first.text()).toContain('Task 3 has begun.');
    const second = contextWith();
    await beginNamed(second.context, session(), world.task('mend-three'));
    expect(second.text()).toContain('labs reset 3');
    expect(world.ran.filter((each) => each === 'break mend-three')).toHaveLength(1);
  });

  test('says which earlier tasks are open, and goes on where nobody can be asked', async () => {
    await doTask('one');
    const { context, notes, text } = contextWith({ yes: false });
    await beginNamed(context, session(), world.task('mend-three'));
    expect(notes.join(' ')).toContain('Not done yet: task 2.');
    expect(text()).toContain('Task 3 has begun.');
  });

  test('says that a task without a fault needs no beginning', async () => {
    const { context, text } = contextWith();
    await beginNamed(context, session(), world.task('one'));
    expect(text()).toContain('Task 1 breaks nothing.');
    expect(world.ran).toEqual([]);
  });
});

describe('a task that needs another one', () => {
  const locked = () => {
    const tasks = world.lab.tasks.map((task) => (task.id === 'mend-three' ? { ...task, needs: ['two'] } : task));
    const lab = { ...world.lab, tasks };
    const [, , task] = tasks;
    if (!task) throw new Error('no task');
    return { task, session: { ...session(), lab } };
  };

  test('does not begin before, and labs says what comes first', async () => {
    const { task, session: opened } = locked();
    await expect(beginNamed(contextWith().context, opened, task)).rejects.toMatchObject({
      code: 'LAB_TASK_LOCKED',
      exitCode: 2,
      message: 'Task 3 is locked: task 2 must be done first',
      hint: expect.stringContaining('labs goto 3'),
    });
    await expect(solveTasks(contextWith().context, opened, [task])).rejects.toMatchObject({ code: 'LAB_TASK_LOCKED' });
    expect(world.ran).toEqual([]);
  });

  test('is not offered labs goto where labs cannot do an earlier task', async () => {
    const { task, session: opened } = locked();
    const tasks = opened.lab.tasks.map(({ solve: _, ...each }) => each);
    const refused = beginNamed(contextWith().context, { ...opened, lab: { ...opened.lab, tasks } }, task);
    await expect(refused).rejects.toMatchObject({ hint: 'Do task 2 first (`labs tasks 2`).' });
  });

  test('begins when the other one is done, also if nobody has checked it', async () => {
    const { task, session: opened } = locked();
    world.objects.add('two');
    await world.progress.answer('two/question', 'right');
    expect(await beginNamed(contextWith().context, opened, task)).toBe(0);
    expect(world.ran).toContain('break mend-three');
  });

  test('is unlocked by labs goto', async () => {
    const { task, session: opened } = locked();
    await gotoTask(contextWith().context, opened, task);
    expect(await beginNamed(contextWith().context, opened, task)).toBe(0);
  });
});

describe('labs reset TASK', () => {
  test('asks first, and says what happens to the cluster', async () => {
    const { context } = contextWith({ yes: false });
    await expect(resetTask(context, session(), world.task('one'))).rejects.toMatchObject({ code: 'LAB_NEEDS_YES' });
    const asked = (id: string, effect: ResetEffect) => resetQuestion(context, session(), world.task(id), effect);
    expect(asked('mend-three', 'breaks')).toMatch(
      /breaks the cluster again\. .* Nodes: set back to how the lab starts/,
    );
    expect(asked('one', 'removes')).toMatch(/removes what the task makes .* Nodes: set back to how the lab starts/);
    expect(asked('one', 'nothing')).not.toContain('Nodes');
  });

  test('begins the task anew and names the command that shows it', async () => {
    await doTask('one');
    const { context, text } = contextWith();
    expect(await resetTask(context, session(), world.task('one'))).toBe(0);
    expect(text()).toContain('Task 1 is reset.');
    expect(text()).toContain('labs tasks 1');
    expect(world.objects.has('one')).toBe(false);
    expect(await world.progress.read()).toMatchObject({ passed: [], answers: {} });
  });
});

test('labs reset TASK prints JSON for programs, and nothing else on standard output', async () => {
  for (const [id, cluster] of [
    ['one', 'removes'],
    ['mend-three', 'breaks'],
  ] as const) {
    const { context, lines } = contextWith({ json: true });
    await resetTask(context, session(), world.task(id));
    expect(JSON.parse(lines.join('\n'))).toMatchObject({ task: id, number: expect.any(Number), cluster });
  }
});

describe('labs solve', () => {
  test('shows each task with its number, its title and its time', async () => {
    const { context, lines } = contextWith();
    expect(await solveTasks(context, session(), world.lab.tasks)).toBe(0);
    expect(lines.slice(0, 4).map((line) => line.replace(/\d+\.\d s/, 'x s'))).toEqual([
      ' ✔  1  The task one (x s)',
      ' ✔  2  The task two (x s)',
      ' ✔  3  The task mend-three (x s)',
      ' ✔  4  The task four (x s)',
    ]);
  });

  test('a task whose hints cost points is solved completely, and one with a check that fails is not', async () => {
    const hints = [{ text: { en: 'Look.', ko: '보세요.' }, cost: 1 }];
    const lab = { ...world.lab, tasks: world.lab.tasks.map((task) => ({ ...task, hints })) };
    await world.progress.takeHint('two');
    const { context, lines } = contextWith();
    await solveTasks(context, { ...session(), lab }, lab.tasks.slice(1, 2));
    expect(lines[0]).toMatch(/^ ✔ {2}2/);
    const exec = async () => ({ exitCode: 0, stdout: '', stderr: '' });
    const second = contextWith();
    await solveTasks(second.context, { ...session(), access: { ...world.access, exec } }, [world.task('one')]);
    expect(second.lines[0]).toMatch(/^ ◐ {2}1/);
  });

  test('prints JSON for programs, and nothing else on standard output', async () => {
    const { context, lines } = contextWith({ json: true });
    await solveTasks(context, session(), [world.task('two')]);
    expect(JSON.parse(lines.join('\n'))).toEqual({
      lab: 'test',
      name: 'lab',
      solved: [{ task: 'two', number: 2, score: 2, maxScore: 2, seconds: expect.any(Number) }],
    });
  });
});

describe('faults over a restart of the machines', () => {
  test('an open fault is put back, and the student is told', async () => {
    await beginNamed(contextWith().context, session(), world.task('mend-three'));
    world.objects.add('mend-three');
    const { context, notes } = contextWith();
    await afterRestartIn(context, restarted());
    expect(world.objects.has('mend-three')).toBe(false);
    expect(notes.join('\n')).toContain('faults of task 3');
  });

  test('a fault that the student had repaired before the stop stays repaired', async () => {
    const { context, notes } = contextWith();
    await beginNamed(context, session(), world.task('mend-three'));
    world.objects.add('mend-three');
    await world.progress.answer('mend-three/question', 'right');
    await recordWorkIn(context, session());
    notes.length = 0;
    await afterRestartIn(context, restarted());
    expect(world.objects.has('mend-three')).toBe(true);
    expect(notes).toEqual([]);
  });

  test('the fault of a task that goto did stays repaired', async () => {
    await gotoTask(contextWith().context, session(), world.task('four'));
    const { context } = contextWith();
    await afterRestartIn(context, restarted());
    expect(world.objects.has('mend-three')).toBe(true);
  });

  test('a fault that cannot be put back is reported, and the lab stays started', async () => {
    await beginNamed(contextWith().context, session(), world.task('mend-three'));
    const { context, notes } = contextWith();
    const failing = { ...world.access, machines: [], exec: () => Promise.reject(new Error('no such machine')) };
    await afterRestartIn(context, { ...session(), access: failing });
    expect(notes.join(' ').replace(/\s+/g, ' ')).toMatch(
      /The fault of task 3 could not be put back: .*no such machine/,
    );
  });
});

describe('finished work over a restart of the machines', () => {
  test('is done again, and the student is told what was lost', async () => {
    await doTask('one');
    world.objects.delete('one');
    const { context, notes } = contextWith();
    expect(await afterRestartIn(context, restarted())).toEqual({
      redone: [{ task: 'one', checks: ['made'] }],
      lost: [],
    });
    expect(notes.join(' ')).toMatch(
      /Task 1 was done, but the stop took a part of it \(.+\)\. labs has done the task again/,
    );
    expect(world.objects.has('one')).toBe(true);
  });

  test('of a task that is not finished is named', async () => {
    world.objects.add('two');
    await gradeAndRecord(contextWith().context, session());
    world.objects.delete('two');
    const { context, notes } = contextWith();
    expect(await afterRestartIn(context, restarted())).toMatchObject({ lost: [{ task: 'two', checks: ['made'] }] });
    expect(notes.join(' ').replace(/\s+/g, ' ')).toMatch(
      /The stop took a part of task 2: .* Do that part again; `labs check 2` shows what is missing/,
    );
    expect(world.objects.has('two')).toBe(false);
  });

  test('a stop keeps what nobody has checked since', async () => {
    await doTask('one');
    world.objects.delete('one');
    await recordWorkIn(contextWith().context, session());
    expect((await afterRestartIn(contextWith().context, restarted())).redone).toEqual([]);
  });
});

describe('labs answer', () => {
  test('judges an answer at once, keeps it, and exits with the verdict', async () => {
    const wrong = contextWith();
    expect(await answerTask(wrong.context, session(), world.task('one'), ['wrong'])).toBe(1);
    expect(wrong.text()).toContain('✘');
    const right = contextWith();
    expect(await answerTask(right.context, session(), world.task('one'), ['1', 'right'])).toBe(0);
    expect(right.text()).toContain('✔ Right.');
    expect((await world.progress.read()).answers).toEqual({ 'one/question': 'right' });
  });

  test('after the last answer of a task: why it works, the score so far and the next command', async () => {
    world.objects.add('one');
    const { context, text } = contextWith();
    await answerTask(context, session(), world.task('one'), ['right']);
    expect(text()).toMatch(/Why it works\s+Why one works\./);
    expect(text()).toContain('1 of 4 tasks have passed. You have 2 of 8 points.');
    expect(text()).toContain('labs tasks 2');
  });

  test('judges an answer also after goto, and says that it gives no points', async () => {
    await gotoTask(contextWith().context, session(), world.task('two'));
    const { context, text } = contextWith();
    expect(await answerTask(context, session(), world.task('one'), ['right'])).toBe(0);
    expect(text()).toContain('✔ Right.');
    expect(text()).toContain('labs goto did this task. To do it yourself: labs reset 1');
    expect(text()).not.toContain('tasks have passed');
  });

  test('prints the verdict as JSON, and nothing else', async () => {
    world.objects.add('one');
    const { context, lines } = contextWith({ json: true });
    await answerTask(context, session(), world.task('one'), ['right']);
    expect(JSON.parse(lines.join('\n'))).toMatchObject({ task: 'one', question: 'question', outcome: 'pass' });
  });

  test('refuses an empty answer, which is no wrong answer', async () => {
    await expect(answerTask(contextWith().context, session(), world.task('two'), ['1', ''])).rejects.toMatchObject({
      code: 'LAB_ANSWER_NEEDED',
      message: 'The answer is empty',
      exitCode: 2,
    });
    expect((await world.progress.read()).answers).toEqual({});
  });

  test('names the command when it cannot ask', async () => {
    await expect(answerTask(contextWith().context, session(), world.task('two'), [])).rejects.toMatchObject({
      code: 'LAB_ANSWER_NEEDED',
      hint: expect.stringContaining('labs answer 2 1'),
    });
  });
});

test('when only tasks are left that labs goto did, the next command is the one that gives them back', async () => {
  await gotoTask(contextWith().context, session(), world.task('four'));
  await doTask('four');
  const { context, text } = contextWith();
  await printPassed(context, session(), ['four']);
  expect(text()).toContain('labs goto did the tasks that are left. To do one yourself: labs reset 1');
});

test('after several tasks at once, labs names the commands that explain them', async () => {
  const { context, text } = contextWith();
  for (const id of ['one', 'two']) await doTask(id);
  await printPassed(context, session(), ['one', 'two']);
  expect(text()).toContain('labs tasks 1 --debrief');
  expect(text()).toContain('labs tasks 2 --debrief');
  expect(text()).not.toContain('Why one works.');
});
