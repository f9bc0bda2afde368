import { describe, expect, test } from 'vitest';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { LabError } from '../../../src/kit/error.ts';
import { writingIn } from '../../../src/kit/unwritable.ts';

const failWith = (code: string, path?: string): Promise<LabError> =>
  writingIn({ folder: '/state/labs', variable: 'XDG_STATE_HOME' }, () =>
    Promise.reject(Object.assign(new Error(`${code}: said by the system, write`), { code, ...(path ? { path } : {}) })),
  ).catch((error) => error);

describe('a folder that cannot be written', () => {
  test.each([
    ['ENOSPC', undefined, 'The disk of /state/labs is full'],
    ['EDQUOT', undefined, 'The disk of /state/labs is full'],
    ['EROFS', '/state/labs/progress/x.json', '/state/labs cannot be written: the disk is read-only'],
    ['EACCES', '/state', '/state/labs cannot be written: permission is missing'],
    ['ENOTDIR', '/state/labs/progress', '/state/labs cannot be written: a file is in the place of a folder'],
  ])('is named with what to do, for %s', async (code, path, message) => {
    const error = await failWith(code, path);
    expect(error).toMatchObject({ code: 'LAB_FOLDER_UNWRITABLE', message, exitCode: 3 });
    expect(error.hint).toContain('XDG_STATE_HOME');
    const { fromEnglish } = messagesIn('ko');
    for (const text of [message, error.hint ?? '']) expect(fromEnglish(text)).toMatch(/[가-힣](?!.*\b(the|is|or)\b)/);
  });

  test('is not blamed for other failures', async () => {
    expect(await failWith('EROFS', '/usr/bin/x')).not.toBeInstanceOf(LabError);
    expect(await failWith('ETIMEDOUT')).not.toBeInstanceOf(LabError);
    const refusal = new LabError('LAB_BUSY', 'busy');
    await expect(writingIn({ folder: '/', variable: 'XDG_STATE_HOME' }, () => Promise.reject(refusal))).rejects.toBe(
      refusal,
    );
  });
});
