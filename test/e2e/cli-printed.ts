// Types every command that the tasks, the hints and the glossary show into terminals of a running lab, in order.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { languages, localize, type TaskDefinition } from '../../src/api/lab.ts';
import type { Report } from '../../src/api/report.ts';
import { isQuestion } from '../../src/host/grade/checks/answer.ts';
import { readGlossary } from '../../src/host/lab/glossary.ts';
import { loadLab } from '../../src/host/lab/load.ts';
import { labs, root } from './cli-support.ts';
import { type Block, blocksOn, onScreen } from './printed-commands.ts';
import { type Failure, type Patience, Student } from './student.ts';

const lab = await loadLab(join(root, 'labs/service-networking'));
const glossary = await readGlossary([join(root, 'labs/glossary.yaml')]);

// No text has a placeholder: test/unit/lab/texts.test.ts refuses them.
/** Commands that a text leads to fail. All others end with 0. */
const failures: readonly Failure[] = [
  { in: 'db-service', command: 'ip address | grep 10.103', exitCode: 1, because: 'no interface has the address' },
  { in: 'db-service', command: 'ss -lnt | grep 3306', exitCode: 1, because: 'no process of a node listens' },
  { in: 'db-service', command: 'nc -vz -w 2 10.103.132.104 3307', exitCode: 1, because: 'the port times out' },
  { in: 'ranges', command: '--clusterip=10.244.1.77', exitCode: 1, because: 'the address is outside of the range' },
  { in: 'predict', command: 'http://empty/', exitCode: 7, because: 'the service has no endpoints' },
  { in: 'inside-only', command: '10.103.132.104 3306', occurrence: 1, exitCode: 1, because: 'no rule outside' },
  { in: 'inside-only', command: '192.168.56.11 81', exitCode: 1, because: 'no process listens' },
  { in: 'vanish', command: 'nat | grep default/temp', occurrence: 2, exitCode: 1, because: 'temp is deleted' },
  { in: 'mend-proxy', command: 'http://cart/', exitCode: 28, because: 'the symptom: it times out' },
  { in: 'mend-proxy', command: 'status kube-proxy', exitCode: 3, because: 'the cause: kube-proxy is stopped' },
  { in: 'mend-selector', command: 'http://orders/', exitCode: 7, because: 'the symptom: it is refused' },
  { in: 'mend-rule', command: 'http://stock/', exitCode: 7, because: 'the symptom: it is refused' },
  { in: 'the glossary', command: '10.103.132.104 3307', exitCode: 1, because: 'the port times out' },
];

/** Commands right after a change that kube-proxy has yet to write into the kernel. All others are typed once. */
const patience: readonly Patience[] = [
  { in: 'vanish', command: 'default/temp', because: 'the rules come and go a moment after the service' },
  { in: 'mend-proxy, repaired', command: 'http://cart/', because: 'kube-proxy writes its rules after its start' },
  { in: 'mend-selector, repaired', command: 'http://orders/', because: 'the endpoints follow the selector' },
  { in: 'mend-rule, repaired', command: 'http://stock/', because: 'kube-proxy writes its rules after its start' },
];

/** The hints of this task are read after its first block: they count the rules of a service that the task deletes. */
const hintsAfter: Readonly<Record<string, number>> = { vanish: 1 };

/** The student finds these commands. No text shows them. */
const repairs: Readonly<Record<string, Block>> = {
  'mend-proxy': { place: 'node02', commands: ['systemctl start kube-proxy'] },
  'mend-selector': { place: 'controlplane', commands: ['kubectl -n shop set selector service orders app=orders'] },
  'mend-rule': { place: 'node01', commands: ['systemctl restart kube-proxy'] },
};

/** @param folder for a program `labs` on PATH */
export const testPrinted = (name: string, folder: () => string): void => {
  describe('every printed command runs as pasted', () => {
    let student: Student;
    beforeAll(() => {
      student = new Student(name, folder(), failures, patience);
    });
    afterAll(() => student.close());

    test.each(lab.tasks.map((task, index) => ({ id: task.id, task, number: index + 1 })))(
      'in the task $id and its hints',
      async ({ task, number }) => {
        // Not by --name: if another lab ran, the commands would name the lab.
        const colored = { env: { FORCE_COLOR: '1', NO_COLOR: '', LABS_NAME: name } };
        const { stdout: screen } = await labs(['tasks', `${number}`], colored);
        const begun = task.setup ? await student.run('host', footOf(screen, 'Begin'), 0) : screen;
        await typeTask(student, task, screen);
        await student.run('host', footOf(begun, 'Check'), task.checks.some(isQuestion) ? 1 : 0);
      },
    );

    test('in the glossary', async () => {
      const blocks = glossary.flatMap(({ text }) => sameInAllLanguages((language) => text[language]));
      expect(blocks.length).toBeGreaterThan(15);
      await student.type('the glossary', blocks);
    });

    test('and the checks pass, except for the questions, and every expected failure was met', async () => {
      const report = JSON.parse((await labs(['--name', name, 'grade', '--json'])).stdout) as Report;
      const idsOf = <T extends { id: string }>(task: string, checks: readonly T[]) =>
        checks.map((check) => ({ ...check, id: `${task}/${check.id}` }));
      const questions = lab.tasks.flatMap(({ id, checks }) =>
        idsOf(id, checks.filter(isQuestion)).map((each) => each.id),
      );
      const open = report.tasks
        .flatMap(({ id, checks }) => idsOf(id, checks))
        .filter(({ outcome }) => outcome !== 'pass')
        .filter(({ id, blockedBy = '' }) => ![id, blockedBy].some((each) => questions.includes(each)));
      expect(open).toEqual([]);
      expect(student.unmet).toEqual([]);
    });
  });
};

const typeTask = async (student: Student, task: TaskDefinition, screen: string): Promise<void> => {
  const { id } = task;
  const blocks = await blocksOfTask(task, screen);
  const hints = task.hints.flatMap(({ text: hint }) => sameInAllLanguages((language) => localize(hint, language)));
  const before = hintsAfter[id] ?? blocks.length;
  await student.type(id, [...blocks.slice(0, before), ...hints, ...blocks.slice(before)]);
  const repair = repairs[id];
  if (repair) await student.type(`${id}, repaired`, [repair, ...symptomsOf(blocks)]);
};

/** The blocks on the screen of `labs tasks N`. Both languages show the same commands. */
const blocksOfTask = async (task: TaskDefinition, screen: string): Promise<readonly Block[]> => {
  const sources = new Map<string, string>();
  for (const language of languages) sources.set(language, await readFile(localize(task.text, language), 'utf8'));
  const blocks = blocksOn(screen, sources.get('en') ?? '');
  expect(sameInAllLanguages((language) => sources.get(language) ?? '')).toEqual(blocks);
  return blocks;
};

const sameInAllLanguages = (source: (language: 'en' | 'ko') => string): readonly Block[] => {
  const [blocks = [], ...others] = languages.map((language) => blocksOn(onScreen(source(language)), source(language)));
  for (const other of others) expect(other).toEqual(blocks);
  return blocks;
};

/** A command at the foot of the screen: `Check:   labs check 1`. */
const footOf = (screen: string, word: string): string => {
  const [, command = ''] = new RegExp(`${word}: +(labs [\\w ]+\\w)`).exec(screen) ?? [];
  expect(command, screen).not.toBe('');
  return command;
};

/** The commands that showed the symptom. They work after the repair. */
const symptomsOf = (blocks: readonly Block[]): readonly Block[] => {
  const commands = blocks.flatMap((block) => block.commands).filter((command) => command.includes('curl'));
  expect(commands).not.toEqual([]);
  return [{ place: 'controlplane', commands }];
};
