// What `labs verify` says of evidence that somebody changed or packed again.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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
import { loadLab } from '../../../src/host/lab/load.ts';
import { studentEdition } from '../../../src/host/pack/edition.ts';
import { evidenceFor, type Made, makeEvidence } from '../evidence/made.ts';
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

const verify = async (packed: Buffer, language: Language = 'en', lab = made.lab.folder, json = false) => {
  const { output, lines } = fakeOutput({ width: 500 });
  const environment = { language, cacheFolder: folder };
  const context = { output, environment, say: messagesIn(language), paths: { labs: [folder] }, json };
  const file = join(folder, 'evidence.tgz');
  await writeFile(file, packed);
  const exitCode = await run(context as unknown as Context, [file, lab], {});
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

describe('evidence of the edition for students, with the whole lab here', () => {
  const whole = `
apiVersion: labs/v1
name: exam
title: Exam
summary: For tests.
cluster: { nodes: [{ name: controlplane, role: control-plane }, { name: node01 }, { name: node02 }] }
tasks:
  - id: look
    title: Look
    solve: look.ts
    checks:
      - { id: made, title: It is made, type: object, object: service/db-service }
      - { id: secretly, title: Hidden, type: object, object: pod/secretly, visibility: never, points: 3 }
      - { id: ask, title: Asked, type: answer, question: Where?, equals: there }
`;
  let exam: string;
  beforeAll(async () => {
    exam = await write('exam', {
      'lab.yaml': whole,
      'look.ts': 'export const solve = async () => {};\n',
      'tasks/look.md': 'Look.',
    });
  });

  const write = async (name: string, files: Readonly<Record<string, string>>): Promise<string> => {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name, path)), { recursive: true });
      await writeFile(join(folder, name, path), text);
    }
    return join(folder, name);
  };

  const evidenceOfEdition = async (change = (text: string): string => text) => {
    const { files } = await studentEdition(exam);
    const texts = [...files].map(([path, content]) => [
      path,
      path === 'lab.yaml' ? change(`${content}`) : `${content}`,
    ]);
    const edition = await write('student', Object.fromEntries(texts));
    const { files: kept } = await evidenceFor(await loadLab(edition));
    return packFiles(kept);
  };

  test('holds, and says which checks are not in the evidence', async () => {
    const { exitCode, text } = await verify(await evidenceOfEdition(), 'en', exam);
    expect(text).toContain('made from the lab exam here');
    expect(text).toMatch(/Not in the evidence.*: look\/secretly/);
    expect(text).toContain('The evidence holds.');
    expect(text).toMatch(/2 \/ 2 /);
    expect(exitCode).toBe(0);
    expect((await verify(await evidenceOfEdition(), 'ko', exam)).text).toMatch(/증거에 없.*: look\/secretly/);
  });

  test('does not hold if the edition was changed', async () => {
    const packed = await evidenceOfEdition((text) => text.replace('title: Look', 'title: Other'));
    const { exitCode, text } = await verify(packed, 'en', exam);
    expect(text).toContain('another lab than here; changed files: lab.yaml');
    expect(exitCode).toBe(1);
  });

  test('programs read which checks are not in it', async () => {
    const { text } = await verify(await evidenceOfEdition(), 'en', exam, true);
    expect(JSON.parse(text)).toMatchObject({ verified: true, edition: 'student', notInEvidence: ['look/secretly'] });
    const { text: own } = await verify(await packFiles(made.files), 'en', made.lab.folder, true);
    expect(JSON.parse(own)).toMatchObject({ verified: true, edition: 'whole', notInEvidence: [] });
  });
});
