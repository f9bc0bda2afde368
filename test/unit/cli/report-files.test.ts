import { expect, test } from 'vitest';
import type { Report } from '../../../src/api/report.ts';
import type { Context } from '../../../src/host/cli/context.ts';
import { readEnvironment } from '../../../src/host/cli/environment.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { writeReports } from '../../../src/host/cli/report-files.ts';

test('a report that cannot be written is wrong usage, like evidence that cannot be written', async () => {
  const context = { say: messagesIn('en'), environment: readEnvironment({}) } as unknown as Context;
  const wanted = [{ format: 'json', file: '/nonexistent/x' }] as const;
  await expect(writeReports(context, wanted, {} as Report)).rejects.toMatchObject({
    code: 'LAB_REPORT_UNWRITABLE',
    exitCode: 2,
  });
});
