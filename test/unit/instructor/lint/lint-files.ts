// Lints a lab whose files are given as texts.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Finding } from '../../../../src/host/instructor/lint/finding.ts';
import { lintLab } from '../../../../src/host/instructor/lint/lint.ts';

/** @param loaded the images that Docker has, if it answers */
export const lintFiles = async (
  files: Readonly<Record<string, string>>,
  loaded?: readonly string[],
): Promise<readonly Finding[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'labs-lint-'));
  try {
    for (const [file, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), content);
    }
    return (await lintLab(folder, { loadedImages: async () => loaded })).findings;
  } finally {
    await rm(folder, { recursive: true });
  }
};
