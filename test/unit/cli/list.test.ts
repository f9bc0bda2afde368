// `labs list` with labs that are not in the package.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../../../src/host/cli/commands/list.ts';
import type { Context } from '../../../src/host/cli/context.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { progressRecord } from '../../../src/host/cluster/progress-record.ts';
import { loadLab } from '../../../src/host/lab/load.ts';
import { labels } from '../../../src/host/plan/names.ts';
import { openProgress } from '../../../src/host/tasks/progress.ts';
import { FakeDocker } from '../../support/fake-docker.ts';
import { fakeOutput } from './fake-output.ts';

const here = fileURLToPath(new URL('../../../labs/service-networking', import.meta.url));
let empty: string;
beforeAll(() => {
  empty = mkdtempSync(join(tmpdir(), 'labs-list-'));
});
afterAll(() => rmSync(empty, { recursive: true }));

interface Asked {
  readonly language?: 'en' | 'ko';
  readonly json?: boolean;
  /** What the student has done, once the lab runs. */
  readonly work?: (instance: string, docker: FakeDocker) => Promise<unknown>;
  /** Takes what is printed beside the list. */
  readonly remarks?: string[];
}

const listed = async (
  lab: string,
  folder: string,
  { language = 'en', json = false, work, remarks }: Asked = {},
): Promise<readonly string[]> => {
  const docker = new FakeDocker({ images: { node: {} } });
  const id = await docker.create({
    name: `labs-${lab}-fabric`,
    image: 'node',
    network: 'none',
    labels: {
      ...{ [labels.name]: lab, [labels.lab]: lab, [labels.folder]: folder },
      ...{ [labels.role]: 'fabric', [labels.machine]: 'fabric', [labels.machines]: '1' },
      [labels.link]: '192.168.56.1/24',
    },
  });
  await docker.start(id);
  await work?.(id, docker);
  const { output, lines, notes } = fakeOutput();
  const context = {
    output,
    say: messagesIn(language),
    environment: { language, stateFolder: empty },
    json,
    paths: { labs: [join(empty, 'labs')] },
    signal: new AbortController().signal,
    docker: async () => docker,
  };
  expect(await run(context as unknown as Context, [], {})).toBe(0);
  remarks?.push(...notes);
  if (json) return lines;
  return lines.slice(1).map((line) => line.trimEnd().replaceAll(/ {2,}/g, '|'));
};

test('a lab that was started from elsewhere has its title, and its folder as its origin', async () => {
  expect(await listed('service-networking', here)).toEqual([
    'LAB|STATE|POINTS|TITLE|ORIGIN',
    expect.stringMatching(/^service-networking\|running\|0\/66\|[A-Z][^|/]+\|\/.*\/labs\/service-networking$/),
  ]);
  expect((await listed('service-networking', here, { language: 'ko' }))[1]).toMatch(/\|[^|/]*[가-힣][^|/]*\|\//);
});

test('a folder that is gone or holds another lab has no title', async () => {
  expect((await listed('gone', '/nowhere/gone'))[1]).toBe('gone|running|/nowhere/gone');
  expect((await listed('other', here))[1]).toBe(`other|running|${here}`);
});

test('a lab that was started has the points of the latest grading, parts of them, too', async () => {
  const definition = await loadLab(here);
  const [first, second] = definition.tasks;
  const checks = (task = first, points = 1) => task?.checks.map(({ id }) => ({ id, outcome: 'fail', points })) ?? [];
  const graded = [{ id: second?.id, checks: checks(second, 0.25) }];
  const work = (instance: string) =>
    openProgress({ stateFolder: empty, name: 'service-networking', instance }).record(
      { gradedAt: '', tasks: graded } as never,
      { lab: definition, run: '' },
    );
  const points = 0.25 * (second?.checks.length ?? 0);
  expect((await listed('service-networking', here, { work }))[1]).toContain(`|running|${points}/66|`);
  const [printed = ''] = await listed('service-networking', here, { work, json: true });
  expect(JSON.parse(printed).running[0].progress).toEqual({ passed: 0, tasks: 15, points, maxPoints: 66 });
});

test('a lab that another user of the machine works in is no reason for a remark', async () => {
  const work = async (instance: string, docker: FakeDocker) => {
    const theirs = { stateFolder: join(empty, 'theirs'), name: 'service-networking', instance };
    await openProgress({ ...theirs, record: progressRecord(docker, instance) }).takeHint('look');
  };
  const remarks: string[] = [];
  expect(await listed('service-networking', here, { work, remarks })).toHaveLength(2);
  expect(remarks).toEqual([]);
});

test('a progress file that lacks something names its lab', () => {
  expect(messagesIn('en').progressBehind('exam-kim')).toMatch(/^exam-kim: the progress file lacks/);
  expect(messagesIn('ko').progressBehind('exam-kim')).toMatch(/^exam-kim: 진행 파일/);
});
