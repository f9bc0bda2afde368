// What a student sees of the time of an exam, and what is refused when it is over.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import stringWidth from 'string-width';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandGroups, commands } from '../../../src/host/cli/commands.ts';
import type { Context } from '../../../src/host/cli/context.ts';
import { chooseInstance } from '../../../src/host/cli/instances.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { progressIn } from '../../../src/host/cli/student-progress.ts';
import { clockIn, leftLines, leftOf, timeFields } from '../../../src/host/cli/time-left.ts';
import { timeOf } from '../../../src/host/grade/report/text.ts';
import { labels } from '../../../src/host/plan/names.ts';
import { FakeDocker } from '../../support/fake-docker.ts';
import { fakeOutput } from './fake-output.ts';

const clock = { startedAt: '2026-11-30T08:00:00.000Z', seconds: 5400, extendedSeconds: 0, resets: 0 };
/** At 09:30 UTC, less so many seconds. */
const leftAt = (seconds: number): Date => new Date(Date.parse('2026-11-30T09:30:00.000Z') - seconds * 1000);
const until = timeOf('2026-11-30T09:30:00.000Z', leftAt(0));

describe('how much time is left', () => {
  test.each([
    [5400, 'calm', `1 h 30 min left, until ${until}`, `1시간 30분 남음, ${until}까지`],
    [3600, 'calm', `1 h left, until ${until}`, `1시간 남음, ${until}까지`],
    [601, 'calm', `10 min left, until ${until}`, `10분 남음, ${until}까지`],
    [600, 'soon', `10 min left, until ${until}. Run`, `10분 남음, ${until}까지. 끝나기 전에`],
    [61, 'soon', '1 min left', '1분 남음'],
    [60, 'last', '60 s left', '60초 남음'],
    [0.2, 'last', '1 s left', '1초 남음'],
    [0, 'over', `The time was over at ${until}.`, `제한 시간이 ${until}에 끝났습니다.`],
    [-90_000, 'over', 'The time was over at ', '제한 시간이 '],
  ] as const)('%s s before the end: %s', (seconds, stage, english, korean) => {
    for (const [language, text] of [
      ['en', english],
      ['ko', korean],
    ] as const) {
      const left = leftOf({ say: messagesIn(language) }, clock, leftAt(seconds));
      expect(left).toEqual({ stage, text: expect.stringContaining(text) });
    }
  });

  test.each(['en', 'ko'] as const)('fits on 80 columns, and stands out at the end without colours (%s)', (language) => {
    const { output } = fakeOutput();
    const context = { output, say: messagesIn(language) };
    for (const seconds of [5400, 600, 60, -100_000]) {
      const lines = leftLines(context, clock, leftAt(seconds));
      expect(lines[0]?.startsWith('! ')).toBe(seconds <= 600);
      for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(80);
    }
    expect(leftLines(context, undefined)).toEqual([]);
  });

  test('programs read the end and the seconds', () => {
    expect(timeFields(clock, leftAt(90))).toEqual({
      timeLimit: { ...clock, endsAt: '2026-11-30T09:30:00.000Z', secondsLeft: 90, over: false },
    });
    expect(timeFields(clock, leftAt(-1))).toMatchObject({ timeLimit: { secondsLeft: 0, over: true } });
    expect(timeFields(undefined)).toEqual({});
  });
});

let stateFolder: string;
beforeAll(() => {
  stateFolder = mkdtempSync(join(tmpdir(), 'labs-time-'));
});
afterAll(() => rmSync(stateFolder, { recursive: true }));

const engine = async (timeLimit?: string): Promise<FakeDocker> => {
  const docker = new FakeDocker({ images: { node: {} } });
  const id = await docker.create({
    name: 'labs-exam-fabric',
    image: 'node',
    network: 'none',
    labels: {
      [labels.name]: 'exam',
      [labels.lab]: 'exam',
      [labels.role]: 'fabric',
      [labels.machine]: 'fabric',
      [labels.machines]: '1',
      ...(timeLimit === undefined ? {} : { [labels.timeLimit]: timeLimit }),
    },
  });
  await docker.start(id);
  return docker;
};

const contextOf = (docker: FakeDocker, inTime: boolean): Context =>
  ({
    output: fakeOutput().output,
    say: messagesIn('en'),
    environment: { language: 'en', stateFolder, variables: {} },
    signal: new AbortController().signal,
    inTime,
    docker: async () => docker,
  }) as unknown as Context;

describe('a command that changes or helps', () => {
  test('is refused when the time is over, until more is given', async () => {
    const docker = await engine('5400');
    const context = contextOf(docker, true);
    const progress = await progressIn(context, 'exam');
    expect(await chooseInstance(context)).toMatchObject({ name: 'exam', timeLimitSeconds: 5400 });
    const { clock: started } = await progress.read();
    expect(started).toMatchObject({ seconds: 5400 });
    // As if the time had passed.
    await progress.extend(-5400);
    await expect(chooseInstance(context)).rejects.toMatchObject({
      code: 'LAB_TIME_OVER',
      exitCode: 2,
      message: expect.stringMatching(/^The time was over at .*`labs check`.* still work$/),
      hint: expect.stringContaining('`labs extend 15m`'),
    });
    expect(await chooseInstance(contextOf(docker, false))).toMatchObject({ name: 'exam' });
    await progress.extend(900);
    expect(await chooseInstance(context)).toMatchObject({ name: 'exam' });
  });

  test('knows no time in a lab without a limit', async () => {
    const context = contextOf(await engine(), true);
    const instance = await chooseInstance(context);
    expect(await clockIn(context, instance)).toBeUndefined();
    expect((await (await progressIn(context, 'exam')).read()).clock).toBeUndefined();
  });

  test('is each one that the table says, and only these', () => {
    const allowed = [
      ...['list', 'start', 'status', 'stop', 'delete', 'tasks', 'next', 'check', 'explain', 'grade', 'grade-batch'],
      ...['verify', 'extend', 'new', 'lint', 'pack', 'install', 'remove', 'dev', 'test'],
    ];
    const machine = commandGroups.at(-1)?.commands.map(({ name }) => name) ?? [];
    const open = commands.filter(({ inTime }) => !inTime).map(({ name }) => name);
    expect(open.toSorted()).toEqual([...allowed, ...machine].toSorted());
  });
});
