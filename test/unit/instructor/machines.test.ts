import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { lintLab } from '../../../src/host/instructor/lint/lint.ts';

const lab = fileURLToPath(new URL('../../fixtures/labs/three-routers', import.meta.url));

test('knows routers and hosts in texts and scripts', async () => {
  expect((await lintLab(lab)).findings).toEqual([]);
});
