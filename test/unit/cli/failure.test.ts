import { describe, expect, test } from 'vitest';
import { type FailureStyle, reportFailure } from '../../../src/host/cli/failure.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { busy } from '../../../src/host/cluster/claim.ts';
import { findLab } from '../../../src/host/lab/catalogue.ts';
import { LabError } from '../../../src/kit/error.ts';
import { fakeOutput } from './fake-output.ts';

const fail = (error: unknown, style: Partial<FailureStyle> = {}) => {
  const { output, lines, notes } = fakeOutput();
  const code = reportFailure(
    error,
    output,
    { json: false, debug: false, interrupted: false, ...style },
    messagesIn('en'),
  );
  return { code, lines, notes };
};

const refused = new LabError('LAB_DOCKER_UNREACHABLE', 'Docker is not answering', {
  hint: 'Start Docker.',
  exitCode: 3,
});

describe('a failure', () => {
  test('is printed once, with its code and what to do next', () => {
    expect(fail(refused)).toEqual({
      code: 3,
      lines: [],
      notes: ['error: Docker is not answering [LAB_DOCKER_UNREACHABLE]', 'hint: Start Docker.'],
    });
  });

  test('wraps on a terminal, and stays on one line elsewhere', () => {
    const error = new LabError('LAB_TASK_UNKNOWN', 'The lab service-networking has no task "x"', { exitCode: 2 });
    const { output, notes } = fakeOutput({ terminal: true, width: 40 });
    reportFailure(error, output, { json: false, debug: false, interrupted: false }, messagesIn('en'));
    expect(notes).toEqual(['error: The lab service-networking has no', 'task "x" [LAB_TASK_UNKNOWN]']);
    expect(fail(error).notes).toHaveLength(1);
  });

  test('determines the exit code', () => {
    expect(fail(new LabError('LAB_USAGE', 'no', { exitCode: 2 })).code).toBe(2);
  });

  test('is a fault in labs if it is no LabError', () => {
    const { code, notes } = fail(new TypeError('x is undefined'));
    expect(code).toBe(3);
    expect(notes).toEqual([
      'error: x is undefined [LAB_UNEXPECTED]',
      expect.stringMatching(/^hint: This is a fault in labs/),
    ]);
  });

  test('is JSON for programs', () => {
    expect(JSON.parse(fail(refused, { json: true }).lines[0] ?? '')).toEqual({
      error: { code: 'LAB_DOCKER_UNREACHABLE', message: 'Docker is not answering', hint: 'Start Docker.' },
    });
  });

  test('shows its stack and its cause with --debug only', () => {
    const error = new LabError('LAB_X', 'outer', { cause: new Error('inner') });
    expect(fail(error).notes.join('\n')).not.toContain('inner');
    expect(fail(error, { debug: true }).notes.join('\n')).toMatch(/outer[\s\S]*caused by: Error: inner[\s\S]*at /);
  });

  test('after Ctrl-C is replaced by the one word "Interrupted."', () => {
    expect(fail(refused, { interrupted: true })).toEqual({ code: 130, lines: [], notes: ['Interrupted.'] });
  });

  test('names a clean-up that failed, also after Ctrl-C', () => {
    const both = new SuppressedError(new Error('undo "volume" failed: busy'), refused);
    for (const interrupted of [false, true])
      expect(fail(both, { interrupted }).notes.join('\n')).toMatch(
        /Docker is not answering[\s\S]*while cleaning up: undo "volume" failed: busy/,
      );
    expect(fail(both).code).toBe(3);
  });
});

describe('an error from below the command line, in Korean', () => {
  const inKorean = (error: unknown) => {
    const { output, notes } = fakeOutput();
    reportFailure(error, output, { json: false, debug: false, interrupted: false }, messagesIn('ko'));
    return notes;
  };

  test('has a Korean sentence and hint', async () => {
    const unknown = await findLab(['/nonexistent'], 'nope').catch((error: unknown) => error);
    expect(inKorean(unknown)).toEqual([
      '오류: 없는 실습입니다: "nope" [LAB_UNKNOWN]',
      '힌트: `labs list`로 모든 실습을 볼 수 있습니다.',
    ]);
    expect(inKorean(busy('web'))).toEqual([
      '오류: 다른 `labs start`가 지금 web 실습에서 작업 중입니다 [LAB_BUSY]',
      '힌트: 끝날 때까지 기다리거나, `--name`으로 다른 실습을 시작하세요.',
    ]);
  });

  test('keeps lines that have no translation', () => {
    expect(inKorean(new LabError('LAB_X', 'web is stopped\nsomething else'))).toEqual([
      '오류: 멈춰 있는 실습입니다: web [LAB_X]',
      'something else',
    ]);
  });
});
