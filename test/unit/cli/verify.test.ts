// What `labs verify` says of evidence that somebody changed or packed again.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Language } from '../../../src/api/lab.ts';
import { run } from '../../../src/host/cli/commands/verify.ts';
import type { Context } from '../../../src/host/cli/context.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { type NamedFile, packFiles } from '../../../src/host/evidence/archive.ts';
import { chainFiles, manifestFile } from '../../../src/host/evidence/chain.ts';
import { type Made, makeEvidence } from '../evidence/made.ts';
import { fakeOutput } from './fake-output.ts';

let made: Made;
let folder: string;
beforeAll(async () => {
  made = await makeEvidence();
  folder = await mkdtemp(join(tmpdir(), 'verify-'));
});
afterAll(async () => {
  await rm(made.lab.folder, { recursive: true });
  await rm(folder, { recursive: true });
});

const verify = async (packed: Buffer, language: Language = 'en') => {
  const { output, lines } = fakeOutput({ width: 500 });
  const environment = { language, cacheFolder: folder };
  const context = { output, environment, say: messagesIn(language), paths: { labs: [folder] }, json: false };
  const file = join(folder, 'evidence.tgz');
  await writeFile(file, packed);
  const exitCode = await run(context as unknown as Context, [file, made.lab.folder], {});
  return { exitCode, text: lines.join('\n') };
};

const withReport = (change: (text: string) => string): readonly NamedFile[] => {
  const files = made.files.map(({ name, bytes }) =>
    name === 'report.json' ? { name, bytes: Buffer.from(change(bytes.toString())) } : { name, bytes },
  );
  return chainFiles(files.filter(({ name }) => name !== manifestFile));
};

/** As `tar czf FILE .` packs: folders, too, and each path begins with `./`. */
const packedAgain = async (files: readonly NamedFile[]): Promise<Buffer> => {
  const tar = pack();
  tar.entry({ name: './', type: 'directory' });
  tar.entry({ name: './facts/', type: 'directory' });
  for (const { name, bytes } of files) tar.entry({ name: `./${name}` }, bytes);
  tar.finalize();
  return gzipSync(await buffer(tar));
};

describe('a report that was changed', () => {
  test('names the fields, if no check differs', async () => {
    const changed = withReport((text) => text.replace('"score": 6', '"score": 8'));
    const { exitCode, text } = await verify(await packFiles(changed));
    expect(exitCode).toBe(1);
    expect(text).toMatch(/no check differs, but these fields do: .*score/);
    expect(text).not.toContain('checks that differ');
    expect((await verify(await packFiles(changed), 'ko')).text).toMatch(/다른 필드: .*score/);
  });

  test('names the checks that differ', async () => {
    const changed = withReport((text) => text.replace('"outcome": "fail"', '"outcome": "pass"'));
    expect((await verify(await packFiles(changed))).text).toMatch(/checks that differ: \S+\/\S+/);
  });

  test('says that only its bytes are different', async () => {
    const { text } = await verify(await packFiles(withReport((report) => `${report}\n`)));
    expect(text).toContain('report.json is written in another way');
  });
});

describe('an archive that another program packed again', () => {
  test('holds if the files are in the same order', async () => {
    const { exitCode, text } = await verify(await packedAgain(made.files));
    expect(text).toContain('packed these files again');
    expect(exitCode).toBe(0);
  });

  test('is not damaged in another order: the original archive is asked for', async () => {
    const { exitCode, text } = await verify(await packedAgain(made.files.toReversed()));
    expect(exitCode).toBe(1);
    expect(text).toContain('packed these files again');
    expect(text).toContain('original archive');
    expect(text).not.toContain('damaged');
    expect((await verify(await packedAgain(made.files.toReversed()), 'ko')).text).toContain('다시 압축');
  });
});
